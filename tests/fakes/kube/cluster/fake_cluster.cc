// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/fake_cluster.h"

#include <algorithm>
#include <utility>

#include "tests/fakes/kube/cluster/cluster_state.h"
#include "tests/fakes/kube/cluster/json_tree.h"

namespace telltale {
namespace {

Error NoObject(std::string_view path) {
  return Fail(Code::kInvalid, "\"" + std::string(path) + "\" is no object's path");
}

std::string UidOf(const ObjectBody& object) {
  if (!object.uid().empty()) return std::string(object.uid());
  const auto tree = ParseJsonTree(object.Text());
  const Json* metadata = tree.ok() ? tree->Find("metadata") : nullptr;
  return metadata == nullptr ? std::string() : std::string(metadata->StringOf("uid"));
}

}  // namespace

void FakeCluster::State::Tell() {
  {
    const std::lock_guard lock(mutex);
    if (!std::exchange(changed, false)) return;
  }
  const std::lock_guard lock(listeners_mutex);
  for (const auto& [id, listener] : listeners) listener();
}

FakeCluster::FakeCluster(FakeClusterOptions options, Clock& clock)
    : state_(std::make_unique<State>(std::move(options), clock)) {
  state_->version = state_->options.first_version;
  const Status made = Put("/api/v1/namespaces/default", R"({"spec":{"finalizers":["kubernetes"]},)"
                                                        R"("metadata":{"labels":)"
                                                        R"({"kubernetes.io/metadata.name":)"
                                                        R"("default"}},)"
                                                        R"("status":{"phase":"Active"}})");
  static_cast<void>(made.ok());
}
FakeCluster::~FakeCluster() = default;

FakeReply FakeCluster::Open(const ApiRequest& request, const FakeCaller& caller) {
  FakeReply reply;
  {
    const std::lock_guard lock(state_->mutex);
    FakeLogEntry entry{.number = ++state_->requests,
                       .method = request.method,
                       .target = request.target,
                       .content_type = request.content_type,
                       .body = request.body,
                       .caller = caller};
    reply = state_->Dispatch(request, caller, entry);
    entry.status = reply.status;
    if (state_->options.log_reads || request.method != "GET") {
      state_->log.push_back(std::move(entry));
    }
  }
  state_->Tell();
  return reply;
}

ApiResponse FakeCluster::Call(const ApiRequest& request, const FakeCaller& caller) {
  FakeReply reply = Open(request, caller);
  if (reply.stream) {
    while (reply.stream->Next(reply.body) == FakeBody::State::kMore) {
    }
  }
  return {.status = reply.status,
          .body = std::move(reply.body),
          .retry_after_seconds = reply.retry_after_seconds};
}

Status FakeCluster::Put(std::string_view path, std::string_view json) {
  const auto parsed = ParseResourcePath(path);
  if (!parsed || parsed->name.empty()) return NoObject(path);
  Status status;
  {
    const std::lock_guard lock(state_->mutex);
    status = state_->Put(*parsed, json);
  }
  state_->Tell();
  return status;
}

Status FakeCluster::Put(std::string_view path, const std::shared_ptr<const ObjectTemplate>& shape,
                        const std::vector<std::string_view>& fields) {
  const auto parsed = ParseResourcePath(path);
  if (!parsed || parsed->name.empty()) return NoObject(path);
  {
    const std::lock_guard lock(state_->mutex);
    Collection& collection = state_->In(*parsed);
    const std::string key = parsed->key();
    const ObjectRef held = collection.Find(key);
    const std::string uid = held ? UidOf(*held) : state_->Uid();
    ++state_->version;
    state_->Commit(collection, key, ObjectBody::FromTemplate(shape, fields, uid, state_->version));
  }
  state_->Tell();
  return {};
}

Status FakeCluster::Remove(std::string_view path) {
  const auto parsed = ParseResourcePath(path);
  if (!parsed || parsed->name.empty()) return NoObject(path);
  {
    const std::lock_guard lock(state_->mutex);
    Collection* collection = state_->FindCollection(*parsed);
    if (collection == nullptr || !collection->Find(parsed->key())) {
      return Fail(Code::kNotFound, "there is no " + std::string(path));
    }
    ++state_->version;
    state_->Commit(*collection, parsed->key(), nullptr);
  }
  state_->Tell();
  return {};
}

std::string FakeCluster::Get(std::string_view path) const {
  const auto parsed = ParseResourcePath(path);
  if (!parsed) return {};
  const std::lock_guard lock(state_->mutex);
  const Collection* collection = state_->FindCollection(*parsed);
  const ObjectRef found = collection == nullptr ? nullptr : collection->Find(parsed->key());
  std::string out;
  if (found) found->AppendTo(out, collection->head());
  return out;
}

std::vector<std::string> FakeCluster::Names(std::string_view collection) const {
  std::vector<std::string> out;
  const auto parsed = ParseResourcePath(collection);
  if (!parsed) return out;
  const std::lock_guard lock(state_->mutex);
  Collection* found = state_->FindCollection(*parsed);
  if (found == nullptr) return out;
  for (const Stored& stored : found->Now(state_->version, state_->clock.Steady())->objects) {
    if (parsed->ns.empty() || stored.ns() == parsed->ns) out.push_back(*stored.key);
  }
  return out;
}

std::size_t FakeCluster::Count(std::string_view collection) const {
  const auto parsed = ParseResourcePath(collection);
  if (!parsed) return 0;
  if (!parsed->ns.empty()) return Names(collection).size();
  const std::lock_guard lock(state_->mutex);
  const Collection* found = state_->FindCollection(*parsed);
  return found == nullptr ? 0 : found->size();
}

std::uint64_t FakeCluster::resource_version() const {
  const std::lock_guard lock(state_->mutex);
  return state_->version;
}

Status FakeCluster::Restore(std::uint64_t version) {
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, collection] : state_->collections) {
      if (version > state_->version || version < collection->oldest()) {
        return Fail(Code::kGone,
                    "version " + std::to_string(version) + " is not in the history of " + name);
      }
    }
    for (const auto& [name, collection] : state_->collections) collection->Restore(version);
    state_->version = version;
    ++state_->close_epoch;
    state_->changed = true;
  }
  state_->Tell();
  return {};
}

void FakeCluster::Compact() {
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, collection] : state_->collections) {
      collection->ForgetAll(state_->version);
    }
    // Collections that nobody asked for yet have no older history either.
    state_->options.first_version = state_->version;
    state_->changed = true;
  }
  state_->Tell();
}

void FakeCluster::CloseWatches() {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->close_epoch;
    state_->changed = true;
  }
  state_->Tell();
}

void FakeCluster::SendBookmarks() {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->bookmark_epoch;
    state_->changed = true;
  }
  state_->Tell();
}

std::size_t FakeCluster::watches() const {
  const std::lock_guard lock(state_->mutex);
  return state_->open_watches;
}

void FakeCluster::AcceptTokens(std::set<std::string> tokens) {
  const std::lock_guard lock(state_->mutex);
  state_->tokens = std::move(tokens);
}

void FakeCluster::SetOptions(const FakeClusterOptions& options) {
  const std::lock_guard lock(state_->mutex);
  state_->options = options;
}

FakeClusterOptions FakeCluster::options() const {
  const std::lock_guard lock(state_->mutex);
  return state_->options;
}

std::vector<FakeLogEntry> FakeCluster::Log() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log;
}

std::vector<FakeLogEntry> FakeCluster::Writes() const {
  std::vector<FakeLogEntry> out = Log();
  std::erase_if(out, [](const FakeLogEntry& entry) { return entry.method == "GET"; });
  return out;
}

std::uint64_t FakeCluster::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

void FakeCluster::ClearLog() {
  const std::lock_guard lock(state_->mutex);
  state_->log.clear();
}

int FakeCluster::AddListener(std::function<void()> listener) {
  const std::lock_guard lock(state_->listeners_mutex);
  state_->listeners[++state_->last_listener] = std::move(listener);
  return state_->last_listener;
}

void FakeCluster::RemoveListener(int id) {
  const std::lock_guard lock(state_->listeners_mutex);
  state_->listeners.erase(id);
}

}  // namespace telltale

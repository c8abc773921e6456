// SPDX-License-Identifier: Apache-2.0
//
// Where a request goes: authentication, discovery, reads, and which objects are meant.
#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "common/text/json_writer.h"
#include "tests/fakes/kube/cluster/cluster_state.h"
#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {
namespace {

std::string Resources(const std::string& prefix) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Field("kind", "APIResourceList").Field("apiVersion", "v1");
  w.Field("groupVersion", prefix == "/api/v1" ? prefix.substr(5) : prefix.substr(6));
  w.Key("resources").BeginArray();
  for (const FakeKind& kind : FakeKinds()) {
    if (kind.prefix != prefix) continue;
    for (const bool status : {false, true}) {
      if (status && !kind.status) continue;
      w.BeginObject().Field("name", kind.plural + (status ? "/status" : ""));
      w.Field("singularName", "").Key("namespaced").Bool(kind.namespaced).Field("kind", kind.kind);
      w.Key("verbs").BeginArray();
      for (const char* verb : {"get", "patch", "update"}) w.String(verb);
      if (!status) {
        for (const char* verb : {"create", "delete", "list", "watch"}) w.String(verb);
      }
      w.EndArray().EndObject();
    }
  }
  w.EndArray().EndObject();
  return out;
}

std::string Groups() {
  std::vector<std::pair<std::string, std::string>> seen;  // group, version
  for (const FakeKind& kind : FakeKinds()) {
    const auto row = std::pair(kind.group(), kind.api_version());
    if (!row.first.empty() && std::find(seen.begin(), seen.end(), row) == seen.end()) {
      seen.push_back(row);
    }
  }
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Field("kind", "APIGroupList").Field("apiVersion", "v1");
  w.Key("groups").BeginArray();
  std::string last;
  for (const auto& [group, first] : seen) {
    if (std::exchange(last, group) == group) continue;
    const auto version = [&](const std::string& of) {
      w.BeginObject().Field("groupVersion", of);
      w.Field("version", of.substr(of.find('/') + 1)).EndObject();
    };
    w.BeginObject().Field("name", group).Key("versions").BeginArray();
    for (const auto& [name, each] : seen) {
      if (name == group) version(each);
    }
    w.EndArray().Key("preferredVersion");
    version(first);
    w.EndObject();
  }
  w.EndArray().EndObject();
  return out;
}

}  // namespace

FakeReply DiscoveryReply(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path == "/healthz" || path == "/livez" || path == "/readyz") return {.body = "ok"};
  if (path == "/version") {
    return {.body = R"({"major":"1","minor":"34","gitVersion":"v1.34.4","platform":"fake"})"
                    "\n"};
  }
  if (path == "/api") {
    return {.body = R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]})"
                    "\n"};
  }
  if (path == "/apis") return {.body = Groups() + "\n"};
  for (const FakeKind& kind : FakeKinds()) {
    if (path == kind.prefix) return {.body = Resources(kind.prefix) + "\n"};
  }
  return PageNotFound();
}

bool ObjectFilter::Matches(const Stored& stored) const {
  if (!ns.empty() && stored.ns() != ns) return false;
  if (!name.empty() && stored.name() != name) return false;
  return labels.terms.empty() || MatchesLabels(*stored.object);
}

bool ObjectFilter::MatchesLabels(const ObjectBody& object) const {
  const auto tree = ParseJsonTree(object.Text());
  const Json* metadata = tree.ok() ? tree->Find("metadata") : nullptr;
  const Json* given = metadata == nullptr ? nullptr : metadata->Find("labels");
  return std::all_of(labels.terms.begin(), labels.terms.end(), [&](const auto& term) {
    const Json* value = given == nullptr ? nullptr : given->Find(term.key);
    const bool is = value != nullptr && (term.any_value || value->text == term.value);
    return is != term.negated;
  });
}

Collection* FakeCluster::State::FindCollection(const ResourcePath& path) {
  const auto found = collections.find(path.prefix + "/" + path.plural);
  return found == collections.end() ? nullptr : found->second.get();
}

Collection& FakeCluster::State::In(const ResourcePath& path) {
  if (Collection* found = FindCollection(path)) return *found;
  FakeKind kind = FindFakeKind(path.prefix, path.plural, path.in_namespace);
  const std::string key = kind.collection();
  return *collections
              .emplace(key, std::make_unique<Collection>(std::move(kind), options.first_version))
              .first->second;
}

std::optional<FakeReply> FakeCluster::State::Filter(const ResourcePath& path,
                                                    const RequestOptions& request,
                                                    ObjectFilter& out) const {
  if (!request.bad_field.empty()) {
    return BadRequest("\"" + request.bad_field +
                      "\" is not a known field selector: only \"metadata.name\", "
                      "\"metadata.namespace\"");
  }
  auto labels = ParseLabelSelector(request.label_selector);
  if (!labels) {
    return BadRequest("the fake API server does not understand the label selector \"" +
                      request.label_selector + "\"");
  }
  out.ns = path.ns.empty() ? request.field_namespace : path.ns;
  out.name = path.name.empty() ? request.field_name : path.name;
  out.labels = std::move(*labels);
  return std::nullopt;
}

void FakeCluster::State::Age(Collection& collection) const {
  const SteadyTime older_than =
      options.history_age.count() > 0 ? clock.Steady() - options.history_age : SteadyTime::min();
  collection.Forget(options.history_events, older_than);
}

FakeReply FakeCluster::State::Dispatch(const ApiRequest& request, const FakeCaller& caller,
                                       FakeLogEntry& entry) {
  if (!tokens.empty() && tokens.count(caller.token) == 0) return Unauthorized();
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  const auto path = ParseResourcePath(target.substr(0, question));
  const bool get = request.method == "GET";
  if (!path) return get ? DiscoveryReply(target.substr(0, question)) : MethodNotAllowed();
  const RequestOptions asked =
      ParseRequestOptions(question == target.npos ? "" : target.substr(question + 1));
  if (!get) return Write(request, *path, asked, caller, entry);
  if (path->name.empty() || asked.watch)
    return asked.watch ? Watch(*path, asked) : List(*path, asked);
  Collection& collection = In(*path);
  if (!path->subresource.empty() && (path->subresource != "status" || !collection.kind().status)) {
    return PageNotFound();
  }
  const ObjectRef found = collection.Find(path->key());
  if (!found) return NotFound(collection.kind(), path->name);
  FakeReply reply;
  found->AppendTo(reply.body, collection.head());
  reply.body += '\n';
  return reply;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Writes: which rule applies, and what the cluster makes of its result.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/base/rfc3339.h"
#include "tests/fakes/kube/cluster/cluster_state.h"
#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/fakes/kube/cluster/object_rules.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {
namespace {

// SplitMix64: well mixed, and the same everywhere.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

std::string Suffix(std::uint64_t number) {  // of a generated name
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (std::uint64_t rest = Mix(number); out.size() < 5; rest /= kLetters.size()) {
    out += kLetters[rest % kLetters.size()];
  }
  return out;
}

std::string Manager(const RequestOptions& options, const FakeCaller& caller) {
  if (!options.field_manager.empty()) return options.field_manager;
  const std::string agent = caller.user_agent.substr(0, caller.user_agent.find('/'));
  return agent.empty() ? "unknown" : agent;
}

std::string MetaString(const Json& object, std::string_view field) {
  const Json* metadata = object.Find("metadata");
  return metadata == nullptr ? std::string() : std::string(metadata->StringOf(field));
}

FakeReply ObjectReply(int status, const Collection& collection, const ObjectRef& object) {
  FakeReply reply{.status = status};
  object->AppendTo(reply.body, collection.head());
  reply.body += '\n';
  return reply;
}

}  // namespace

std::string FakeCluster::State::Uid() {
  const std::uint64_t high = Mix(options.seed * 1'000'003 + uids), low = Mix(high ^ ++uids);
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xFFFF),
                static_cast<unsigned>(high & 0xFFF), static_cast<unsigned>(low >> 52),
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  return text;
}

std::string FakeCluster::State::Now() const { return FormatRfc3339(clock.WallNanos()); }

void FakeCluster::State::Commit(Collection& collection, std::string_view key, ObjectRef object) {
  collection.Store(key, std::move(object), version, clock.Steady());
  Age(collection);
  changed = true;
}

FakeReply FakeCluster::State::Write(const ApiRequest& request, const ResourcePath& asked,
                                    const RequestOptions& options_asked, const FakeCaller& caller,
                                    FakeLogEntry& entry) {
  ResourcePath path = asked;
  Collection& collection = In(path);
  const FakeKind& kind = collection.kind();
  if (!path.subresource.empty() && (path.subresource != "status" || !kind.status)) {
    return PageNotFound();
  }
  if (request.method == "DELETE") return Delete(request, path, entry);
  const bool post = request.method == "POST", patch = request.method == "PATCH";
  if (!post && !patch && request.method != "PUT") return MethodNotAllowed();
  if (post != path.name.empty()) return MethodNotAllowed();
  const bool apply = patch && request.content_type.find("apply-patch") != std::string::npos;
  // A strategic merge of maps, which is all that tools do here, is a merge.
  const bool merge = patch && request.content_type.find("merge-patch") != std::string::npos;
  const bool protobuf = request.content_type.find("protobuf") != std::string::npos;
  if (protobuf || (patch && !apply && !merge)) {
    return StatusReply({.code = 415,
                        .reason = "UnsupportedMediaType",
                        .message = "415: Unsupported Media Type",
                        .details = "{}"});
  }
  if (apply && options_asked.field_manager.empty()) {
    return InvalidOptions("PatchOptions", "fieldManager", "FieldValueRequired",
                          "Required value: is required for apply patch");
  }
  auto body = ParseJsonTree(request.body);
  if (!body.ok()) {
    return BadRequest("the object provided is unrecognized (must be of type " + kind.kind +
                      "): " + body.error().message);
  }
  if (post) {
    path.name = MetaString(*body, "name");
    if (const auto prefix = MetaString(*body, "generateName");
        path.name.empty() && !prefix.empty()) {
      path.name = prefix + Suffix(options.seed + ++names);
      (*body)["metadata"]["name"] = Json::String(path.name);
    }
    if (path.name.empty()) {
      return Invalid("", kind.kind, "", "metadata.name", "FieldValueRequired",
                     "Required value: name or generateName is required");
    }
  }
  const ObjectRef held = collection.Find(path.key());
  if (post && held) return AlreadyExists(kind, path.name);
  Json live;
  if (held) live = *ParseJsonTree(held->Text());
  WriteRequest rule{.kind = kind,
                    .path = path,
                    .manager = Manager(options_asked, caller),
                    .force = options_asked.force,
                    .now = Now(),
                    .uid = held ? std::string() : Uid()};
  const Json* before = held ? &live : nullptr;
  WriteResult result = post    ? CreateObject(rule, std::move(*body))
                       : apply ? ApplyObject(rule, before, std::move(*body))
                       : merge ? MergePatchObject(rule, before, *body)
                               : UpdateObject(rule, before, std::move(*body));
  if (result.failure) return std::move(*result.failure);
  if (result.unchanged) return ObjectReply(200, collection, held);
  if (result.created && !path.ns.empty() && options.namespaces_must_exist) {
    const Collection* namespaces = FindCollection({.prefix = "/api/v1", .plural = "namespaces"});
    if (namespaces == nullptr || !namespaces->Find(path.ns)) return NamespaceNotFound(path.ns);
  }
  entry.resource_version = ++version;
  const ObjectRef object =
      ObjectBody::FromText(FinishObject(kind, version, result.object), version);
  Commit(collection, path.key(), object);
  return ObjectReply(result.created ? 201 : 200, collection, object);
}

FakeReply FakeCluster::State::Delete(const ApiRequest& request, const ResourcePath& path,
                                     FakeLogEntry& entry) {
  if (path.name.empty() || !path.subresource.empty()) return MethodNotAllowed();
  Collection& collection = In(path);
  const FakeKind& kind = collection.kind();
  const ObjectRef held = collection.Find(path.key());
  if (!held) return NotFound(kind, path.name);
  const auto live = ParseJsonTree(held->Text());
  const std::string uid = MetaString(*live, "uid");
  if (!request.body.empty()) {
    const auto body = ParseJsonTree(request.body);
    const Json* wanted = body.ok() ? body->Find("preconditions") : nullptr;
    if (wanted != nullptr) {
      const auto is = wanted->StringOf("uid"), at = wanted->StringOf("resourceVersion");
      if (!is.empty() && is != uid) {
        return Precondition(kind, path.name,
                            "the UID in the precondition (" + std::string(is) +
                                ") does not match the UID in record (" + uid + ")");
      }
      if (!at.empty() && at != std::to_string(held->resource_version())) {
        return Precondition(kind, path.name,
                            "the ResourceVersion in the precondition (" + std::string(at) +
                                ") does not match the ResourceVersion in record (" +
                                std::to_string(held->resource_version()) + ")");
      }
    }
  }
  entry.resource_version = ++version;
  Commit(collection, path.key(), nullptr);
  if (kind.delete_returns_object) return ObjectReply(200, collection, held);
  Json details = Json::Object();
  details["name"] = Json::String(path.name);
  if (!kind.group().empty()) details["group"] = Json::String(kind.group());
  details["kind"] = Json::String(kind.plural);
  details["uid"] = Json::String(uid);
  return {.body = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success",)"
                  R"("details":)" +
                  details.Text() + "}\n"};
}

Status FakeCluster::State::Put(const ResourcePath& path, std::string_view json) {
  auto object = ParseJsonTree(json);
  if (!object.ok()) return object.error();
  if (!object->is_object()) return Fail(Code::kInvalid, "an object is {...}");
  Collection& collection = In(path);
  const ObjectRef held = collection.Find(path.key());
  Json live;
  if (held) live = *ParseJsonTree(held->Text());
  FillObject({.kind = collection.kind(),
              .path = path,
              .manager = {},
              .now = Now(),
              .uid = held ? std::string() : Uid()},
             held ? &live : nullptr, *object);
  ++version;
  Commit(collection, path.key(),
         ObjectBody::FromText(FinishObject(collection.kind(), version, *object), version));
  return {};
}

}  // namespace telltale

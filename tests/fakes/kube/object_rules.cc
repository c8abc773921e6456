// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/object_rules.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "tests/fakes/kube/fields.h"
#include "tests/fakes/kube/replies.h"

namespace telltale {
namespace {

WriteResult Failure(FakeReply reply) { return {.failure = std::move(reply)}; }

const std::string& Name(const WriteRequest& request) { return request.path.name; }

std::string_view Meta(const Json& object, std::string_view field) {
  const Json* metadata = object.Find("metadata");
  return metadata == nullptr ? std::string_view() : metadata->StringOf(field);
}

// Whether the body may be written to this path at all.
std::optional<FakeReply> CheckIdentity(const WriteRequest& request, const Json& body) {
  const FakeKind& kind = request.kind;
  if (!body.is_object()) return BadRequest("the object provided is unrecognized");
  const std::string_view type = body.StringOf("kind"), version = body.StringOf("apiVersion");
  if ((!type.empty() && type != kind.kind) || (!version.empty() && version != kind.api_version())) {
    return BadRequest(std::string(type) + " in version \"" + std::string(version) +
                      "\" cannot be handled as a " + kind.kind);
  }
  if (const auto name = Meta(body, "name"); !name.empty() && name != Name(request)) {
    return BadRequest("the name of the object (" + std::string(name) +
                      ") does not match the name on the URL (" + Name(request) + ")");
  }
  if (const auto ns = Meta(body, "namespace"); !ns.empty() && ns != request.path.ns) {
    return BadRequest(
        "the namespace of the provided object does not match the namespace sent on "
        "the request");
  }
  return std::nullopt;
}

// Everything but metadata and status, of which the server counts the changes.
bool SpecDiffers(const Json& a, const Json& b) {
  const auto spec = [](Json object) {
    for (const char* key : {"metadata", "status", "kind", "apiVersion"}) object.Erase(key);
    return object;
  };
  return !(spec(a) == spec(b));
}

// A write to one side, the object or its status, leaves the other as it is.
void KeepOtherSide(const WriteRequest& request, const Json* live, Json& next) {
  if (!request.kind.status) return;
  const auto take_status = [](const Json* from, Json& to) {
    const Json* status = from == nullptr ? nullptr : from->Find("status");
    if (status == nullptr) {
      to.Erase("status");
    } else {
      to["status"] = Json(*status);
    }
  };
  if (request.path.subresource == "status") {
    Json kept = *live;
    take_status(&next, kept);
    next = std::move(kept);
    return;
  }
  take_status(live, next);
  if (live != nullptr) return;
  if (request.kind.kind == "Pod") next["status"]["phase"] = Json::String("Pending");
  if (request.kind.kind == "Namespace") next["status"]["phase"] = Json::String("Active");
}

// Go's types leave empty maps and lists out when they are written.
void DropEmpty(const WriteRequest& request, Json& object) {
  if (request.kind.custom) return;
  const auto drop = [](Json& from, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const Json* value = from.Find(key);
      const bool empty =
          value != nullptr && value->items.empty() && (value->is_object() || value->is_array());
      if (empty) from.Erase(key);
    }
  };
  drop(object, {"data", "binaryData", "webhooks"});
  drop(object["metadata"], {"labels", "annotations", "ownerReferences", "finalizers"});
}

void KeepIdentity(const WriteRequest& request, const Json* live, Json& next) {
  DropEmpty(request, next);
  next.Erase("kind");
  next.Erase("apiVersion");
  Json& metadata = next["metadata"];
  metadata["name"] = Json::String(Name(request));
  if (!request.path.ns.empty()) metadata["namespace"] = Json::String(request.path.ns);
  for (const char* field : {"uid", "resourceVersion", "generation", "creationTimestamp"}) {
    const Json* old = live == nullptr ? nullptr : live->Find("metadata")->Find(field);
    if (old == nullptr) {
      metadata.Erase(field);
    } else {
      metadata[field] = Json(*old);
    }
  }
  if (live == nullptr) {
    metadata["uid"] = Json::String(request.uid);
    metadata["creationTimestamp"] = Json::String(request.now);
  }
  if (!request.kind.generation) return;
  const auto* old = live == nullptr ? nullptr : live->Find("metadata")->Find("generation");
  const std::int64_t count = old == nullptr ? 0 : ParseInt(old->text).value_or(0);
  const bool changed = live == nullptr || SpecDiffers(*live, next);
  metadata["generation"] = Json::Int(changed ? count + 1 : std::max<std::int64_t>(count, 1));
}

bool SameFields(const FieldOwners& a, const FieldOwners& b) {
  const auto named = [](const FieldOwners& owners) {
    std::map<FieldOwner, FieldSet> out;
    for (const auto& [owner, owned] : owners) {
      if (!owned.fields.empty()) out[owner] = owned.fields;
    }
    return out;
  };
  return named(a) == named(b);
}

// The end of every write: ownership is written down unless nothing changed at all.
WriteResult Conclude(const WriteRequest& request, const Json* live, Json next, FieldOwners owners,
                     const FieldOwner& me) {
  next["metadata"].Erase("managedFields");
  if (live != nullptr) {
    Json old = *live;
    const FieldOwners before = ReadOwners(old);
    old["metadata"].Erase("managedFields");
    if (old == next && SameFields(before, owners)) return {.object = *live, .unchanged = true};
  }
  if (auto mine = owners.find(me); mine != owners.end()) {
    mine->second.time = request.now;
    mine->second.api_version = request.kind.api_version();
  }
  WriteOwners(owners, request.kind.custom, next);
  return {.object = std::move(next), .created = live == nullptr};
}

// Ownership after a write that is no apply: what it changed is the writer's, what it removed is
// nobody's.
WriteResult ConcludeUpdate(const WriteRequest& request, const Json* live, Json next) {
  const FieldOwner me{request.manager, false, request.path.subresource};
  FieldOwners owners = live == nullptr ? FieldOwners() : ReadOwners(*live);
  // What was never tracked stays so until somebody applies.
  if (live != nullptr && owners.empty()) {
    return Conclude(request, live, std::move(next), std::move(owners), me);
  }
  const FieldSet present = FieldsOf(next);
  FieldSet changed;
  for (const FieldPath& path : present) {
    const Json* old = live == nullptr ? nullptr : FindField(path, *live);
    const bool is_item = path.back()[0] == 'k';
    if (old == nullptr || (!is_item && !(*old == *FindField(path, next)))) changed.insert(path);
  }
  for (auto& [owner, owned] : owners) {
    std::erase_if(owned.fields, [&](const FieldPath& path) {
      const bool stays = owner.apply ? present.count(path) != 0 : FindField(path, next) != nullptr;
      return !stays || (owner != me && changed.count(path) != 0);
    });
  }
  for (const FieldPath& path : MapsOf(next, request.kind.custom)) {
    if (live == nullptr || FindField(path, *live) == nullptr) changed.insert(path);
  }
  if (!changed.empty()) owners[me].fields.merge(changed);
  return Conclude(request, live, std::move(next), std::move(owners), me);
}

void Merge(const Json& patch, Json& into) {  // RFC 7396
  if (!patch.is_object()) {
    into = patch;
    return;
  }
  if (!into.is_object()) into = Json::Object();
  for (std::size_t i = 0; i < patch.keys.size(); ++i) {
    if (patch.items[i].type == Json::Type::kNull) {
      into.Erase(patch.keys[i]);
    } else {
      Merge(patch.items[i], into[patch.keys[i]]);
    }
  }
}

}  // namespace

WriteResult CreateObject(const WriteRequest& request, Json body) {
  if (auto failure = CheckIdentity(request, body)) return Failure(std::move(*failure));
  KeepOtherSide(request, nullptr, body);
  KeepIdentity(request, nullptr, body);
  return ConcludeUpdate(request, nullptr, std::move(body));
}

WriteResult UpdateObject(const WriteRequest& request, const Json* live, Json body) {
  if (auto failure = CheckIdentity(request, body)) return Failure(std::move(*failure));
  const FakeKind& kind = request.kind;
  if (live == nullptr) {
    if (!kind.create_on_update || !request.path.subresource.empty()) {
      return Failure(NotFound(kind, Name(request)));
    }
    return CreateObject(request, std::move(body));
  }
  if (Meta(body, "name").empty()) {
    return Failure(BadRequest("the name of the object () does not match the name on the URL (" +
                              Name(request) + ")"));
  }
  const std::string_view version = Meta(body, "resourceVersion"), uid = Meta(body, "uid");
  if (version.empty() && !kind.unconditional_update) {
    return Failure(Invalid(kind.group(), kind.plural, Name(request), "metadata.resourceVersion",
                           "FieldValueInvalid",
                           "Invalid value: 0: must be specified for an update"));
  }
  if (!uid.empty() && uid != Meta(*live, "uid")) {
    return Failure(Precondition(kind, Name(request),
                                "Precondition failed: UID in precondition: " + std::string(uid) +
                                    ", UID in object meta: " + std::string(Meta(*live, "uid"))));
  }
  if (!version.empty() && version != Meta(*live, "resourceVersion")) {
    return Failure(Modified(kind, Name(request)));
  }
  KeepOtherSide(request, live, body);
  KeepIdentity(request, live, body);
  return ConcludeUpdate(request, live, std::move(body));
}

WriteResult MergePatchObject(const WriteRequest& request, const Json* live, const Json& patch) {
  if (live == nullptr) return Failure(NotFound(request.kind, Name(request)));
  Json next = *live;
  Merge(patch, next);
  if (next["metadata"].StringOf("resourceVersion") != Meta(*live, "resourceVersion")) {
    return Failure(Modified(request.kind, Name(request)));
  }
  return UpdateObject(request, live, std::move(next));
}

WriteResult ApplyObject(const WriteRequest& request, const Json* live, Json body) {
  const FakeKind& kind = request.kind;
  if (body.StringOf("kind").empty() || body.StringOf("apiVersion").empty()) {
    return Failure(BadRequest("invalid object type: apiVersion and kind are needed to apply"));
  }
  const bool is_status = request.path.subresource == "status";
  if (live == nullptr && is_status) return Failure(NotFound(kind, Name(request)));
  if (auto failure = CheckIdentity(request, body)) return Failure(std::move(*failure));
  const std::string_view version = Meta(body, "resourceVersion"), uid = Meta(body, "uid");
  if (!uid.empty() && (live == nullptr || uid != Meta(*live, "uid"))) {
    return Failure(Invalid("", kind.kind, Name(request), "metadata.uid", "FieldValueInvalid",
                           "Invalid value: \"" + std::string(uid) + "\": field is immutable"));
  }
  if (live != nullptr && !version.empty() && version != Meta(*live, "resourceVersion")) {
    return Failure(Modified(kind, Name(request)));
  }
  // The side that this request does not write is neither merged nor owned.
  if (kind.status && !is_status) body.Erase("status");
  if (is_status) {
    Json only = Json::Object();
    if (const Json* status = body.Find("status")) only["status"] = *status;
    body = std::move(only);
  }

  const FieldOwner me{request.manager, true, request.path.subresource};
  FieldOwners owners = live == nullptr ? FieldOwners() : ReadOwners(*live);
  if (live != nullptr && owners.empty()) {
    owners[{"before-first-apply", false, ""}] = {FieldsOf(*live), request.now, kind.api_version()};
  }
  const FieldSet wanted = FieldsOf(body);
  std::vector<std::pair<FieldOwner, FieldPath>> conflicts;
  for (const FieldPath& path : wanted) {
    const Json* old = live == nullptr ? nullptr : FindField(path, *live);
    const Json* value = FindField(path, body);
    const bool merges = value->is_object() && old != nullptr && old->is_object();
    if (old == nullptr || path.back()[0] == 'k' || merges || *old == *value) continue;
    for (const auto& [owner, owned] : owners) {
      if (owner != me && owned.fields.count(path) != 0) conflicts.emplace_back(owner, path);
    }
  }
  if (!conflicts.empty() && !request.force) {
    Json causes = Json::Object();
    for (const auto& [owner, path] : conflicts) {
      Json& cause = causes["causes"].items.emplace_back(Json::Object());
      causes["causes"].type = Json::Type::kArray;
      cause["reason"] = Json::String("FieldManagerConflict");
      cause["message"] = Json::String("conflict with \"" + owner.manager + "\"");
      cause["field"] = Json::String(FieldText(path));
    }
    const std::string message = "Apply failed with " + std::to_string(conflicts.size()) +
                                " conflict" + (conflicts.size() == 1 ? "" : "s") +
                                ": conflict with \"" + conflicts[0].first.manager +
                                "\": " + FieldText(conflicts[0].second);
    return Failure(StatusReply(
        {.code = 409, .reason = "Conflict", .message = message, .details = causes.Text()}));
  }
  for (const auto& [owner, path] : conflicts) owners[owner].fields.erase(path);

  const FieldSet mine = std::exchange(owners[me].fields, wanted);
  Json next = live == nullptr ? Json::Object() : *live;
  MergeFields(body, next);
  for (const FieldPath& path : mine) {
    const bool still = std::any_of(owners.begin(), owners.end(), [&](const auto& entry) {
      const auto from = entry.second.fields.lower_bound(path);
      return from != entry.second.fields.end() && StartsWith(*from, path);
    });
    if (!still) RemoveField(path, next);
  }
  KeepOtherSide(request, live, next);
  KeepIdentity(request, live, next);
  return Conclude(request, live, std::move(next), std::move(owners), me);
}

std::string FinishObject(const FakeKind& kind, std::uint64_t version, Json& object) {
  object.Erase("kind");
  object.Erase("apiVersion");
  Json& metadata = object["metadata"];
  metadata["resourceVersion"] = Json::String(std::to_string(version));
  if (kind.custom) {
    object.SortKeys();
  } else {
    metadata.OrderKeys({"name", "generateName", "namespace", "uid", "resourceVersion", "generation",
                        "creationTimestamp", "deletionTimestamp", "labels", "annotations",
                        "ownerReferences", "finalizers", "managedFields"});
    object.OrderKeys({"metadata", "spec"});
  }
  return object.Text();
}

void FillObject(const WriteRequest& request, const Json* live, Json& object) {
  Json given = object["metadata"];
  KeepIdentity(request, live, object);
  Json& metadata = object["metadata"];
  for (const char* field : {"uid", "generation", "creationTimestamp"}) {
    if (const Json* value = given.Find(field)) metadata[field] = *value;
  }
  const Json* owners = live == nullptr ? nullptr : live->Find("metadata")->Find("managedFields");
  if (owners != nullptr && given.Find("managedFields") == nullptr) {
    metadata["managedFields"] = Json(*owners);
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/object_rules.h"

#include <utility>

#include "tests/fakes/kube/cluster/replies.h"
#include "tests/fakes/kube/cluster/write_steps.h"

namespace telltale {
namespace {

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

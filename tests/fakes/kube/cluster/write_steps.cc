// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/write_steps.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {
namespace {

// Everything but metadata and status, of which the server counts the changes.
bool SpecDiffers(const Json& a, const Json& b) {
  const auto spec = [](Json object) {
    for (const char* key : {"metadata", "status", "kind", "apiVersion"}) object.Erase(key);
    return object;
  };
  return !(spec(a) == spec(b));
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

}  // namespace

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
  if (const auto name = Meta(body, "name"); !name.empty() && name != request.path.name) {
    return BadRequest("the name of the object (" + std::string(name) +
                      ") does not match the name on the URL (" + request.path.name + ")");
  }
  if (const auto ns = Meta(body, "namespace"); !ns.empty() && ns != request.path.ns) {
    return BadRequest(
        "the namespace of the provided object does not match the namespace sent on "
        "the request");
  }
  return std::nullopt;
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

void KeepIdentity(const WriteRequest& request, const Json* live, Json& next) {
  DropEmpty(request, next);
  next.Erase("kind");
  next.Erase("apiVersion");
  Json& metadata = next["metadata"];
  metadata["name"] = Json::String(request.path.name);
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

}  // namespace telltale

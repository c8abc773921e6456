// SPDX-License-Identifier: Apache-2.0
//
// Server-side apply (Kubernetes docs "Server-Side Apply").
#include <algorithm>
#include <utility>
#include <vector>

#include "tests/fakes/kube/cluster/replies.h"
#include "tests/fakes/kube/cluster/write_steps.h"

namespace telltale {

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

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What all writes of object_rules.h have in common, for its two .cc files only. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/fakes/kube/cluster/fields.h"
#include "tests/fakes/kube/cluster/object_rules.h"

namespace telltale {

inline WriteResult Failure(FakeReply reply) { return {.failure = std::move(reply)}; }
inline const std::string& Name(const WriteRequest& request) { return request.path.name; }
// A string of metadata; empty without it.
std::string_view Meta(const Json& object, std::string_view field);

// Whether the body may be written to this path at all.
std::optional<FakeReply> CheckIdentity(const WriteRequest& request, const Json& body);
// A write to one side, the object or its status, leaves the other as it is. `live` may be null.
void KeepOtherSide(const WriteRequest& request, const Json* live, Json& next);
// Name, uid, times and version are the server's; so is the count of generations.
void KeepIdentity(const WriteRequest& request, const Json* live, Json& next);
// The end of every write: ownership is written down unless nothing changed at all.
WriteResult Conclude(const WriteRequest& request, const Json* live, Json next, FieldOwners owners,
                     const FieldOwner& me);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What a write makes of an object: create, update, merge patch and server-side apply as the real
// server does them, with ownership of fields, the status subresource, generation, preconditions and
// no-ops. Pure functions of trees: FakeCluster gives the result its version and keeps it.
#pragma once

#include <optional>
#include <string>

#include "tests/fakes/kube/cluster/fake_reply.h"
#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/fakes/kube/cluster/paths.h"

namespace telltale {

struct WriteRequest {
  const FakeKind& kind;
  const ResourcePath& path;
  std::string manager = {};
  bool force = false;
  std::string now = {};  // RFC 3339
  std::string uid = {};  // for an object that is created
};

struct WriteResult {
  std::optional<FakeReply> failure = {};
  Json object = {};  // with kind and apiVersion left out; its resourceVersion is the old one
  bool created = false, unchanged = false;
};

WriteResult CreateObject(const WriteRequest& request, Json body);
// `live` is null when there is none.
WriteResult UpdateObject(const WriteRequest& request, const Json* live, Json body);
WriteResult MergePatchObject(const WriteRequest& request, const Json* live, const Json& patch);
WriteResult ApplyObject(const WriteRequest& request, const Json* live, Json body);

// Puts the version in, orders the members as the server does and returns the text.
std::string FinishObject(const FakeKind& kind, std::uint64_t version, Json& object);

// A test's own write, past these rules: identity and generation are filled in.
void FillObject(const WriteRequest& request, const Json* live, Json& object);

}  // namespace telltale

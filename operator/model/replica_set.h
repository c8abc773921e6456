// SPDX-License-Identifier: Apache-2.0
//
// What the list of ReplicaSets (apps/v1) says of pods that the API server refuses. The controller
// of ReplicaSets keeps the API server's sentence in the condition ReplicaFailure. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/base/strings.h"

namespace telltale {

struct RefusedReplicaSet {
  std::string ns, name;
  Labels pod_labels;    // of its template
  std::string message;  // why its pods are refused, as the API server says
};

// The ReplicaSet of the list whose pods are refused and that was made last, among those that want
// pods and that `wanted` accepts. Error: the text is no such list.
Result<std::optional<RefusedReplicaSet>> FindRefusedReplicaSet(
    std::string_view list_json, FunctionRef<bool(const RefusedReplicaSet&)> wanted);

}  // namespace telltale

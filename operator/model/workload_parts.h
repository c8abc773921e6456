// SPDX-License-Identifier: Apache-2.0
//
// What workloads of all kinds have in common: a template of pods, and conditions. Called by the
// decoders of replica_set.cc and refused_workload.cc. Pure.
#pragma once

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/base/strings.h"
#include "operator/model/decode.h"

namespace telltale {

// The labels of a `spec.template`.
Status DecodeTemplateLabels(JsonValue value, Labels& out);

// Calls `take` for each of the conditions of a `status`.
Status ForEachCondition(JsonValue status, FunctionRef<Status(JsonValue)> take);

}  // namespace telltale

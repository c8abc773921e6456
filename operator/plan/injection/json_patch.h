// SPDX-License-Identifier: Apache-2.0
//
// The JSON Patch (RFC 6902) that puts the sidecar into one pod. Internal to operator/plan; pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/plan/injection/admitted_pod.h"
#include "operator/plan/injection/sidecar_patch.h"

namespace telltale {

struct PodPatch {
  std::string json;                   // empty: the pod stays as it is
  std::vector<std::string> warnings;  // kubectl shows them to the person who creates the pod
};

// `pod` has at least one container and no sidecar; `targets` want one in it.
// An error says why the pod cannot have one, as a sentence without its end.
Result<PodPatch> RenderSidecarPatch(
    const AdmittedPod& pod, const InjectionOptions& options, const NamespaceRules& rules,
    const std::vector<std::shared_ptr<const MonitoringTarget>>& targets);

// The pod stays as it is, and its annotation says why.
PodPatch RenderLeftAlone(const AdmittedPod& pod, const std::string& why);

// A key as a token of a JSON Pointer (RFC 6901).
std::string EscapePointer(std::string_view token);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The JSON Patch (RFC 6902) that puts the sidecar into a pod at admission. Pure: bytes of an
// AdmissionReview in, bytes of the answer out; anything that is not understood is allowed
// unchanged and counted (failing open: a monitoring tool must not stop deployments).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/model/limit_range.h"
#include "operator/plan/matching.h"

namespace telltale {

struct InjectionOptions {
  std::string image;  // of the sidecar
  std::string image_pull_policy = "IfNotPresent";
  std::string loki_secret = {};                // mounted where it is there; empty: none
  std::vector<std::string> pull_secrets = {};  // appended to the pod's imagePullSecrets
};

// What a namespace demands of its pods.
struct NamespaceRules {
  LimitRanges limits = {};
  bool limits_known = true;         // false until they were read once
  bool opted_out = false;           // its label telltale.dev/inject is "false"
  bool users_are_assigned = false;  // OpenShift: openshift.io/sa.scc.uid-range
};

enum class InjectionOutcome {
  kInjected,
  kNotSelected,
  kAlreadyThere,
  kOptedOut,
  kUnreadable,
  kImpossible,  // the pod could not live with a sidecar, or the sidecar not in the pod
};

struct AdmissionAnswer {
  std::string body;  // AdmissionReview v1, always allowed
  InjectionOutcome outcome = InjectionOutcome::kUnreadable;
};

// `select` gives the targets that want a sidecar in a pod with these labels in this namespace.
using SelectTargets = std::function<std::vector<std::shared_ptr<const MonitoringTarget>>(
    const std::string& ns, const Labels& pod_labels)>;

using RulesOf = std::function<NamespaceRules(const std::string& ns)>;

// kInvalid only when the body is no AdmissionReview with a uid, so that no answer can be addressed.
Result<AdmissionAnswer> AnswerAdmission(std::string_view review, const InjectionOptions& options,
                                        const SelectTargets& select, const RulesOf& rules = {});

}  // namespace telltale

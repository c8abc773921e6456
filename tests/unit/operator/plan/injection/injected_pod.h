// SPDX-License-Identifier: Apache-2.0
//
// A pod as the API server has it after the webhook's patch, for tests: JSON in, JSON out, through
// an AdmissionReview.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/plan/injection/sidecar_patch.h"
#include "tests/unit/operator/plan/json_tree.h"

namespace telltale {

// A target that selects app=shop in namespace shop; `spec` follows its selector.
std::shared_ptr<const MonitoringTarget> ShopTarget(const std::string& spec);

struct Injected {
  InjectionOutcome outcome = InjectionOutcome::kUnreadable;
  JsonTree pod;       // patched
  JsonTree response;  // of the AdmissionReview

  // Of the sidecar's container; throws when there is none.
  const JsonTree& Sidecar() const;
  // "" when the pod has no such annotation.
  std::string Annotation(const std::string& name) const;
  // "VOLUME PATH", with " SUBPATH" and " ro" where it has them, of each mount but those below
  // /etc/telltale, /var/lib/telltale and /var/run/secrets.
  std::vector<std::string> Mounts(const JsonTree& container) const;
  std::vector<std::string> MountsOf(const std::string& list, std::size_t index) const;
};

Injected Inject(const std::string& pod,
                std::vector<std::shared_ptr<const MonitoringTarget>> targets,
                const NamespaceRules& rules = {},
                const InjectionOptions& options = {"sidecar:1", "IfNotPresent"});

// {"metadata": {labels app=shop, `metadata`}, "spec": `spec`}; both are members without braces.
std::string ShopPod(const std::string& spec, const std::string& metadata = "");

}  // namespace telltale

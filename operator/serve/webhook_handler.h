// SPDX-License-Identifier: Apache-2.0
//
// The injection webhook: POST /inject with an AdmissionReview. It answers from caches, without a
// call to anybody, and whatever goes wrong lets the pod pass unchanged. Runs on the webhook
// server's io thread. Counted by what came of it, and under the names that controller-runtime's
// webhooks have.
#pragma once

#include <array>

#include "common/metrics/registry.h"
#include "common/net/http/http_server.h"
#include "operator/plan/injection/sidecar_patch.h"

namespace telltale {

class WebhookHandler {
 public:
  WebhookHandler(InjectionOptions options, SelectTargets select, Registry& registry,
                 RulesOf rules = {});
  HttpResponse operator()(const HttpRequest& request) const;

 private:
  HttpResponse Answer(const HttpRequest& request) const;
  Counter& Requests(int code) const;

  InjectionOptions options_;
  SelectTargets select_;
  RulesOf rules_;
  Registry& registry_;
  std::array<Counter*, 6> outcomes_;  // by InjectionOutcome
  Histogram& latency_;
  Gauge& in_flight_;
};

}  // namespace telltale

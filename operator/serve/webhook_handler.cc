// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/webhook_handler.h"

#include <chrono>

#include "common/base/log.h"

namespace telltale {
namespace {

// In the order of InjectionOutcome.
constexpr std::array<std::string_view, 6> kOutcomes = {"injected",  "not_selected", "already_there",
                                                       "opted_out", "unreadable",   "impossible"};
const Labels kWebhook = {{"webhook", "/inject"}};

}  // namespace

WebhookHandler::WebhookHandler(InjectionOptions options, SelectTargets select, Registry& registry,
                               RulesOf rules)
    : options_(std::move(options)),
      select_(std::move(select)),
      rules_(std::move(rules)),
      registry_(registry),
      outcomes_(),
      latency_(registry.AddHistogram("controller_runtime_webhook_latency_seconds",
                                     "Time to answer one admission request.",
                                     {0.0001, 0.001, 0.01, 0.1, 1, 10}, kWebhook)),
      in_flight_(registry.AddGauge("controller_runtime_webhook_requests_in_flight",
                                   "Admission requests that are being answered now.", kWebhook)) {
  Requests(200);
  Requests(400);
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    outcomes_[i] = &registry.AddCounter("telltale_injections_total",
                                        "Admission requests by what came of them.",
                                        {{"outcome", std::string(kOutcomes[i])}});
  }
}

Counter& WebhookHandler::Requests(int code) const {
  Labels labels = kWebhook;
  SetLabel(labels, "code", std::to_string(code));
  return registry_.AddCounter("controller_runtime_webhook_requests_total",
                              "Admission requests by the code of their answer.", labels);
}

HttpResponse WebhookHandler::operator()(const HttpRequest& request) const {
  in_flight_.Add(1);
  const auto start = std::chrono::steady_clock::now();
  HttpResponse response = Answer(request);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  latency_.Observe(took.count());
  in_flight_.Add(-1);
  Requests(response.status).Add();
  return response;
}

HttpResponse WebhookHandler::Answer(const HttpRequest& request) const {
  if (request.path() != "/inject") return TextResponse(404, "only /inject is served here\n");
  if (request.method != "POST") return TextResponse(405, "only POST is served here\n");
  auto answer = AnswerAdmission(request.body, options_, select_, rules_);
  const auto outcome = answer ? answer->outcome : InjectionOutcome::kUnreadable;
  outcomes_[static_cast<std::size_t>(outcome)]->Add();
  if (!answer) {
    LogWarn("an admission request could not be read", {{"error", answer.error().message}});
    return TextResponse(400, answer.error().message + "\n");
  }
  return JsonResponse(200, std::move(answer->body));
}

}  // namespace telltale

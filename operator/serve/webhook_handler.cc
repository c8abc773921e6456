// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/webhook_handler.h"

#include <chrono>

#include "common/base/log.h"

namespace telltale {
namespace {

// In the order of InjectionOutcome.
constexpr std::array<std::string_view, 5> kOutcomes = {"injected", "not_selected", "already_there",
                                                       "opted_out", "unreadable"};

}  // namespace

WebhookHandler::WebhookHandler(InjectionOptions options, SelectTargets select, Registry& registry)
    : options_(std::move(options)),
      select_(std::move(select)),
      outcomes_(),
      duration_(registry.AddHistogram("telltale_injection_duration_seconds",
                                      "Time to answer one admission request.",
                                      {0.0001, 0.001, 0.01, 0.1, 1})) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    outcomes_[i] = &registry.AddCounter("telltale_injections_total",
                                        "Admission requests by what came of them.",
                                        {{"outcome", std::string(kOutcomes[i])}});
  }
}

HttpResponse WebhookHandler::operator()(const HttpRequest& request) const {
  if (request.path() != "/inject") return TextResponse(404, "only /inject is served here\n");
  if (request.method != "POST") return TextResponse(405, "only POST is served here\n");
  const auto start = std::chrono::steady_clock::now();
  auto answer = AnswerAdmission(request.body, options_, select_);
  duration_.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  const auto outcome = answer ? answer->outcome : InjectionOutcome::kUnreadable;
  outcomes_[static_cast<std::size_t>(outcome)]->Add();
  if (!answer) {
    LogWarn("an admission request could not be read", {{"error", answer.error().message}});
    return TextResponse(400, answer.error().message + "\n");
  }
  return JsonResponse(200, std::move(answer->body));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_metrics.h"

#include <utility>
#include <vector>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 4> kReasons{"body", "groups", "series", "not_local"};
constexpr std::chrono::minutes kSayEvery{1};

Histogram& ByMethod(Registry& registry, std::string_view name, std::string_view help,
                    std::vector<double> bounds, std::string_view method) {
  return registry.AddHistogram(name, help, std::move(bounds), {{"method", std::string(method)}});
}

}  // namespace

PushMetrics::PushMetrics(Registry& registry)
    : registry_(registry),
      groups_(registry.AddGauge("telltale_push_groups", "Groups of pushed metrics.")),
      series_(registry.AddGauge("telltale_push_series", "Samples in all pushed groups.")),
      hidden_(registry.AddGauge(
          "telltale_push_hidden_families",
          "Pushed families that the page leaves out because the sidecar has one of the same name "
          "and of another type.")) {
  MutexLock lock(mutex_);
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    reasons_[i].counter =
        &registry.AddCounter("telltale_push_refused_total", "Pushes refused by a limit, by reason.",
                             {{"reason", std::string(kReasons[i])}});
  }
}

void PushMetrics::Answered(int status, std::string_view handler, std::string_view method) {
  registry_
      .AddCounter("pushgateway_http_requests_total", "Pushes and deletions, by status.",
                  {{"code", std::to_string(status)},
                   {"handler", std::string(handler)},
                   {"method", std::string(method)}})
      .Add();
}

void PushMetrics::Pushed(std::string_view method, std::size_t bytes,
                         std::chrono::nanoseconds took) {
  ByMethod(registry_, "pushgateway_http_push_duration_seconds", "How long a push took.",
           {0.0001, 0.001, 0.01, 0.1}, method)
      .Observe(std::chrono::duration<double>(took).count());
  ByMethod(registry_, "pushgateway_http_push_size_bytes", "Size of the body of a push.",
           {1'000, 10'000, 100'000, 1'000'000}, method)
      .Observe(static_cast<double>(bytes));
}

void PushMetrics::Refused(PushRefusal refusal, const std::string& sentence) {
  std::size_t times = 0;
  {
    MutexLock lock(mutex_);
    Reason& reason = reasons_[static_cast<std::size_t>(refusal)];
    reason.counter->Add();
    ++reason.unsaid;
    const auto now = std::chrono::steady_clock::now();
    if (reason.said.time_since_epoch().count() != 0 && now - reason.said < kSayEvery) return;
    reason.said = now;
    times = std::exchange(reason.unsaid, 0);
  }
  LogWarn("pushes are refused", {{"reason", kReasons[static_cast<std::size_t>(refusal)]},
                                 {"times", times},
                                 {"answer", sentence}});
}

void PushMetrics::ShowStore(std::size_t groups, std::size_t series, std::size_t hidden) {
  groups_.Set(static_cast<double>(groups));
  series_.Set(static_cast<double>(series));
  hidden_.Set(static_cast<double>(hidden));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_poller.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

constexpr Millis kInterval{5'000};
constexpr Millis kUnwanted{1'000};
constexpr int kShare = 20;
}  // namespace

Result<std::unique_ptr<PrometheusPoller>> PrometheusPoller::Make(
    const PrometheusOptions& options, Published<PrometheusView>& view, std::function<bool()> wanted,
    std::function<void(const ReportChanges&)> changed, Registry& registry, Clock& clock) {
  if (options.urls.empty()) return Fail(Code::kInvalid, "no URL of a Prometheus is given");
  for (const auto& url : options.urls) {
    TELLTALE_TRY(AccessClient::Check("prometheus", url, options.access));
  }
  return std::unique_ptr<PrometheusPoller>(
      new PrometheusPoller(options, view, std::move(wanted), std::move(changed), registry, clock));
}

PrometheusPoller::PrometheusPoller(const PrometheusOptions& options,
                                   Published<PrometheusView>& view, std::function<bool()> wanted,
                                   std::function<void(const ReportChanges&)> changed,
                                   Registry& registry, Clock& clock)
    : view_(view),
      wanted_(std::move(wanted)),
      changed_(std::move(changed)),
      clock_(clock),
      failures_(registry.AddCounter("telltale_prometheus_poll_failures_total",
                                    "Questions to Prometheus that got no usable answer.")),
      duration_(registry.AddHistogram("telltale_prometheus_poll_duration_seconds",
                                      "How long it took to ask Prometheus what it scrapes.",
                                      {0.01, 0.1, 1, 10, 100})) {
  Access access = options.access;
  access.user_agent = "telltale-operator";
  for (const auto& url : options.urls) {
    servers_.push_back(std::make_unique<PrometheusServer>(url, access, clock));
  }
}

// One of an HA pair that is away costs nothing; without a shard its targets are not found. A part
// of an answer is no answer, so one that fails is asked into a view that is dropped.
Status PrometheusPoller::AskAll(std::shared_ptr<PrometheusView>& view) {
  std::vector<std::string> notes;
  Status failed;
  bool nothing = true;
  std::vector<PrometheusServer*> answered;
  for (const auto& server : servers_) {
    PrometheusView probe;
    const bool alone = servers_.size() == 1;
    const SteadyTime began = clock_.Steady();
    const Status status = server->AskAll(alone ? *view : probe);
    if (!status.ok()) {
      // The time until one that is away is given up is no reason to ask the others less often.
      if (!alone) lost_ += clock_.Steady() - began;
      failures_.Add();
      failed = status;
      notes.push_back(status.error().message);
      continue;
    }
    answered.push_back(server.get());
    if (!alone) view->Merge(probe);
    if (server->note().empty()) {
      nothing = false;
    } else if (servers_.size() == 1 || view->reports() == 0) {
      notes.push_back(server->note());
    }
  }
  if (answered.empty()) return failed;
  if (nothing || answered.size() < servers_.size()) view->note = Join(notes, "; ");
  return {};
}

void PrometheusPoller::PollOnce() {
  const SteadyTime began = clock_.Steady();
  auto view = std::make_shared<PrometheusView>();
  lost_ = {};
  const Status status = AskAll(view);
  if (status.ok()) {
    view->known = true;
  } else {
    view = std::make_shared<PrometheusView>();
    view->error = status.error().message;
    if (was_known_) {
      LogWarn("cannot ask Prometheus what it scrapes; status stays Unknown until it answers",
              {{"error", view->error}});
    }
  }
  // Each change is logged, and not each poll that says the same.
  if (view->note != last_note_ && !view->note.empty()) {
    LogWarn("Prometheus does not say all of Telltale's targets", {{"why", view->note}});
  }
  last_note_ = view->note;
  was_known_ = view->known;
  view->Seal();
  took_ = clock_.Steady() - began - lost_;
  duration_.Observe(std::chrono::duration<double>(took_).count());
  const auto before = view_.Get();
  const ReportChanges changes = view->ChangesSince(before.get());
  view_.Set(std::move(view));
  if (!changes.empty()) changed_(changes);
}

Millis PrometheusPoller::Pause() const {
  return std::max(kInterval, std::chrono::duration_cast<Millis>(took_ * kShare));
}

void PrometheusPoller::Run() {
  Millis pause{0};
  do {
    if (!wanted_ || wanted_()) {
      PollOnce();
      pause = Pause();
    } else {
      view_.Set(nullptr);
      pause = kUnwanted;
    }
  } while (trigger_.Wait(pause));
}

void PrometheusPoller::Stop() {
  trigger_.Stop();
  for (const auto& server : servers_) server->Cancel();
}

}  // namespace telltale

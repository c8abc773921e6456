// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_poller.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

constexpr Millis kInterval{5'000};
constexpr Millis kUnwanted{1'000};
constexpr int kShare = 20;
constexpr std::chrono::seconds kTimeout{30};

HttpClientOptions ClientOptions(const Url& server) {
  HttpClientOptions options;
  options.server = server;
  options.user_agent = "telltale-operator";
  return options;
}

}  // namespace

PrometheusPoller::PrometheusPoller(Url prometheus, Published<PrometheusView>& view,
                                   std::function<bool()> wanted,
                                   std::function<void(const ReportChanges&)> changed,
                                   Registry& registry, Clock& clock)
    : path_prefix_(prometheus.target == "/" ? "" : prometheus.target),
      client_(ClientOptions(prometheus)),
      view_(view),
      wanted_(std::move(wanted)),
      changed_(std::move(changed)),
      clock_(clock),
      failures_(registry.AddCounter("telltale_prometheus_poll_failures_total",
                                    "Questions to Prometheus that got no usable answer.")),
      duration_(registry.AddHistogram("telltale_prometheus_poll_duration_seconds",
                                      "How long it took to ask Prometheus what it scrapes.",
                                      {0.01, 0.1, 1, 10, 100})) {}

// A part of an answer is no answer: an error leaves a part in `view`, which is dropped.
Status PrometheusPoller::Ask(const std::string& target, PrometheusAnswer::Kind kind,
                             PrometheusView& view) {
  HttpRequest request;
  request.target = path_prefix_ + target;
  PrometheusAnswer answer(kind, parser_, view);
  Status read;
  const auto response = client_.Stream(request, {.whole = kTimeout}, [&](std::string_view piece) {
    read = answer.Feed(piece);
    return read.ok();
  });
  if (!response) return response.error();
  if (response->status != 200) {
    return Fail(Code::kUnavailable,
                "Prometheus answered HTTP status " + std::to_string(response->status));
  }
  return read.ok() ? answer.Finish() : read;
}

Status PrometheusPoller::AskAll(PrometheusView& view) {
  using Kind = PrometheusAnswer::Kind;
  // An age says since when by the time at which it was scraped: clocks of nodes may differ.
  static const auto stalled = [](const std::string& age) {
    return "timestamp(" + age + ") - " + age + " and " + age + " > " +
           std::to_string(kStalledAfter.count());
  };
  static const std::string kStalled = stalled("telltale_logs_oldest_unacked_age_seconds");
  static const std::string kByNode = "{log_pod!=\"\"}";
  // Files that are old by configuration, rotated and compressed, or no text are not read, and
  // nobody waits for them.
  static const std::string kUnread = "{reason!~\"ignored_older|compressed|binary\"} > 0";
  // Promtail counts what it reads by file, and what it sends in all. It tries again a push that
  // fails, at least every five minutes.
  static const std::string kPromtailRead = "promtail_read_lines_total{path=~\".*/pods/.+\"} > 0";
  static const std::string kPromtailFails = [] {
    const std::string pushes = "increase(promtail_request_duration_seconds_count";
    return "(" + pushes + "{status_code!~\"2..\"}[6m]) > 0 unless on (instance) " + pushes +
           "{status_code=~\"2..\"}[1m]) > 0)";
  }();
  TELLTALE_TRY(Ask("/api/v1/targets?state=active&scrapePool=telltale", Kind::kActiveTargets, view));
  for (const auto& [query, kind] :
       {std::pair<std::string, Kind>{"telltale_logs_acked_lines_total > 0", Kind::kLoggingPods},
        {"telltale_logs_target_acked_lines_total" + kByNode + " > 0", Kind::kLoggingPods},
        {stalled("telltale_logs_target_oldest_unacked_age_seconds" + kByNode), Kind::kStalledPods},
        {kStalled, Kind::kStalledPods},
        {"telltale_podlog_forbidden > 0", Kind::kForbiddenPods},
        {"telltale_logs_files_unread" + kUnread, Kind::kUnreadableFiles},
        {"telltale_logs_target_files_unread" + kUnread + " and telltale_logs_target_files_unread" +
             kByNode,
         Kind::kUnreadableFiles},
        {"sum by (namespace, pod) (telltale_logs_files) == 0", Kind::kNoFiles},
        {"scrape_samples_scraped == 0 and up == 1", Kind::kEmptyPages},
        {"telltale_config_target_refused > 0", Kind::kRefusedConfigs},
        {"min by (target) (telltale_config_target_generation)", Kind::kLowestGenerations},
        {"telltale_node_pods or promtail_targets_active_total", Kind::kNodeAgents},
        {kPromtailRead +
             " and on (instance) promtail_sent_entries_total > 0 unless on (instance) " +
             kPromtailFails,
         Kind::kPromtailPods},
        {kPromtailRead + " and on (instance) " + kPromtailFails, Kind::kPromtailStalled}}) {
    TELLTALE_TRY(Ask("/api/v1/query?query=" + UrlEncode(query), kind, view));
  }
  return {};
}

void PrometheusPoller::PollOnce() {
  const SteadyTime began = clock_.Steady();
  auto view = std::make_shared<PrometheusView>();
  const Status status = AskAll(*view);
  if (status.ok()) {
    view->known = true;
  } else {
    failures_.Add();
    view = std::make_shared<PrometheusView>();
    view->error = status.error().message;
    if (was_known_) {
      LogWarn("cannot ask Prometheus what it scrapes; status stays Unknown until it answers",
              {{"error", view->error}});
    }
  }
  was_known_ = view->known;
  view->Seal();
  took_ = clock_.Steady() - began;
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
  client_.Cancel();
}

}  // namespace telltale

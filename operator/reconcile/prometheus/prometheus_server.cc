// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/strings.h"
#include "common/net/http/url.h"

namespace telltale {
namespace {

using Kind = PrometheusAnswer::Kind;

constexpr std::chrono::seconds kTimeout{30};
constexpr std::chrono::seconds kConnect{5};
// All targets of a Prometheus, which may have many others than ours, are asked for as rarely as the
// answer is long: a pool of ours that is new is found at once where that costs little.
constexpr std::chrono::seconds kAllPools{60};
constexpr int kAllPoolsShare = 100;
constexpr std::size_t kAskedPools = 8;  // more of ours are asked for all together
constexpr std::size_t kNamedPools = 5;  // in a message

std::string NameOf(const std::string& text) {
  const auto url = ParseUrl(text);
  if (!url) return "Prometheus";
  std::string path = url->target == "/" ? "" : url->target;
  while (path.ends_with('/')) path.pop_back();
  return std::string(url->tls ? "https://" : "http://") + url->HostHeader() + path;
}

// An age says since when by the time at which it was scraped: clocks of nodes may differ.
std::string Stalled(const std::string& age) {
  return "timestamp(" + age + ") - " + age + " and " + age + " > " +
         std::to_string(kStalledAfter.count());
}

const std::vector<std::pair<std::string, Kind>>& Questions() {
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
  static const std::vector<std::pair<std::string, Kind>> kAll = {
      {"telltale_logs_acked_lines_total > 0", Kind::kLoggingPods},
      {"telltale_logs_target_acked_lines_total" + kByNode + " > 0", Kind::kLoggingPods},
      {Stalled("telltale_logs_target_oldest_unacked_age_seconds" + kByNode), Kind::kStalledPods},
      {Stalled("telltale_logs_oldest_unacked_age_seconds"), Kind::kStalledPods},
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
      {kPromtailRead + " and on (instance) promtail_sent_entries_total > 0 unless on (instance) " +
           kPromtailFails,
       Kind::kPromtailPods},
      {kPromtailRead + " and on (instance) " + kPromtailFails, Kind::kPromtailStalled}};
  return kAll;
}

}  // namespace

PrometheusServer::PrometheusServer(const std::string& url, const Access& access, Clock& clock)
    : name_(NameOf(url)),
      client_(url, access, "prometheus", "Prometheus", kConnect, clock),
      clock_(clock) {}

Error PrometheusServer::Refused(const HttpResponse& response, std::string_view path) const {
  std::string text = name_ + std::string(path.substr(0, path.find('?'))) +
                     " answered HTTP status " + std::to_string(response.status);
  if (response.status == 401 || response.status == 403) {
    text +=
        ": give the operator a token or a password (prometheus.external.secretName in the "
        "chart's values)";
  } else if (response.status >= 300 && response.status < 400) {
    const std::string* to = FindHeader(response.headers, "Location");
    text += " to " + (to ? to->substr(0, 200) : std::string("nowhere")) +
            ": name the URL of Prometheus itself";
  } else if (response.status == 404) {
    text += ": the URL must be the one below which /api/v1 is";
  }
  return Fail(Code::kUnavailable, std::move(text));
}

Status PrometheusServer::Ask(const std::string& target, PrometheusAnswer& answer) {
  HttpRequest request;
  request.target = client_.path() + target;
  Status read;
  const auto response = client_.Stream(request, {.whole = kTimeout}, [&](std::string_view piece) {
    read = answer.Feed(piece);
    return read.ok();
  });
  if (!response) return Context(name_, response.error());
  if (response->status == 401 || response->status == 403) client_.Rejected();
  if (response->status != 200) return Refused(*response, target);
  if (read.ok()) read = answer.Finish();
  return read.ok() ? read : Status(Context(name_, read.error()));
}

std::string PrometheusServer::NothingOfOurs(const PrometheusAnswer::Pools& pools) const {
  if (pools.targets == 0) return name_ + " scrapes nothing at all";
  if (pools.unlabelled == pools.targets) {
    return name_ +
           " does not tell the discovered labels of its targets: start VictoriaMetrics with "
           "-promscrape.dropOriginalLabels=false";
  }
  std::vector<std::string> named;
  for (const auto& pool : pools.others) {
    if (named.size() < kNamedPools) named.push_back(pool);
  }
  std::string text =
      name_ + " scrapes nothing that Telltale discovers; its scrape pools are " + Join(named, ", ");
  if (pools.others.size() > kNamedPools) {
    text += " and " + std::to_string(pools.others.size() - kNamedPools) + " more";
  }
  return text + ": give it a job that reads /sd/v1/targets of the operator";
}

Status PrometheusServer::AskTargets(PrometheusView& view) {
  const std::string active = "/api/v1/targets?state=active";
  const SteadyTime now = clock_.Steady();
  note_.clear();
  if (!pools_.empty() && pools_.size() <= kAskedPools &&
      now - looked_at_all_ <
          std::min<SteadyTime::duration>(kAllPools, kAllPoolsShare * all_took_)) {
    bool any = false;
    for (const auto& pool : pools_) {
      PrometheusAnswer answer(Kind::kActiveTargets, parser_, view);
      TELLTALE_TRY(Ask(active + "&scrapePool=" + UrlEncode(pool), answer));
      any |= !answer.pools().ours.empty();
    }
    if (any) return {};
  }
  PrometheusAnswer answer(Kind::kActiveTargets, parser_, view);
  const SteadyTime asked = clock_.Steady();
  TELLTALE_TRY(Ask(active, answer));
  looked_at_all_ = now;
  all_took_ = clock_.Steady() - asked;
  pools_ = answer.pools().ours;
  if (pools_.empty()) note_ = NothingOfOurs(answer.pools());
  return {};
}

Status PrometheusServer::AskAll(PrometheusView& view) {
  TELLTALE_TRY(AskTargets(view));
  for (const auto& [query, kind] : Questions()) {
    PrometheusAnswer answer(kind, parser_, view);
    TELLTALE_TRY(Ask("/api/v1/query?query=" + UrlEncode(query), answer));
  }
  return {};
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus_poller.h"

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::chrono::seconds kInterval{5};
constexpr std::chrono::seconds kTimeout{10};
constexpr std::size_t kMaxAnswer = 256u << 20;  // 50,000 targets with their labels are 100 MB

HttpClientOptions ClientOptions(const Url& server) {
  HttpClientOptions options;
  options.server = server;
  options.max_response = kMaxAnswer;
  options.user_agent = "telltale-operator";
  return options;
}

std::string StringOr(JsonValue value) { return std::string(value.String().value_or("")); }

// Calls `item` with each element of data.<name>. An answer without it is an error and no empty
// list: that is what Prometheus sends when it cannot answer.
Status ForEachOfData(JsonParser& parser, std::string_view body, std::string_view name,
                     FunctionRef<Status(JsonValue)> item) {
  bool found = false;
  TELLTALE_TRY(parser.Parse(body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "data") return {};
      return value.ForEachField([&](std::string_view inner, JsonValue list) -> Status {
        if (inner != name) return {};
        found = true;
        return list.ForEachElement(item);
      });
    });
  }));
  if (!found) return Fail(Code::kInvalid, "the answer has no data." + std::string(name));
  return {};
}

Status ParseTarget(JsonValue target, PrometheusView& view) {
  std::string resource, uid, endpoint, health;
  ScrapeReport report;
  TELLTALE_TRY(target.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "health") health = StringOr(value);
    if (key == "lastError") report.last_error = StringOr(value);
    if (key != "discoveredLabels") return {};
    return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
      if (label == "__meta_telltale_target") resource = StringOr(text);
      if (label == "__meta_telltale_pod_uid") uid = StringOr(text);
      if (label == "__meta_telltale_endpoint") endpoint = StringOr(text);
      return {};
    });
  }));
  if (resource.empty()) return {};
  report.up = health == "up";
  report.scraped = health == "up" || health == "down";
  view.Add(resource, uid, endpoint, std::move(report));
  return {};
}

}  // namespace

Status ParseActiveTargets(JsonParser& parser, std::string_view body, PrometheusView& view) {
  return ForEachOfData(parser, body, "activeTargets",
                       [&](JsonValue target) { return ParseTarget(target, view); });
}

Status ParseLoggingPods(JsonParser& parser, std::string_view body, PrometheusView& view) {
  return ForEachOfData(parser, body, "result", [&](JsonValue series) -> Status {
    return series.ForEachField([&](std::string_view key, JsonValue metric) -> Status {
      if (key != "metric") return {};
      std::string ns, pod;
      TELLTALE_TRY(metric.ForEachField([&](std::string_view label, JsonValue text) -> Status {
        if (label == "namespace") ns = StringOr(text);
        if (label == "pod") pod = StringOr(text);
        return {};
      }));
      view.logging_pods.insert(ns + "/" + pod);
      return {};
    });
  });
}

PrometheusPoller::PrometheusPoller(Url prometheus, Published<PrometheusView>& view,
                                   std::function<void()> changed, Registry& registry)
    : path_prefix_(prometheus.target == "/" ? "" : prometheus.target),
      client_(ClientOptions(prometheus)),
      view_(view),
      changed_(std::move(changed)),
      failures_(registry.AddCounter("telltale_prometheus_poll_failures_total",
                                    "Questions to Prometheus that got no usable answer.")) {}

Result<std::string> PrometheusPoller::Get(const std::string& target) {
  HttpRequest request;
  request.target = path_prefix_ + target;
  auto response = client_.Send(request, kTimeout);
  if (!response) return response.error();
  if (response->status != 200) {
    return Fail(Code::kUnavailable,
                "Prometheus answered HTTP status " + std::to_string(response->status));
  }
  return std::move(response->body);
}

void PrometheusPoller::PollOnce() {
  auto view = std::make_shared<PrometheusView>();
  Status status;
  if (auto targets = Get("/api/v1/targets?state=active&scrapePool=telltale")) {
    status = ParseActiveTargets(parser_, *targets, *view);
  } else {
    status = targets.error();
  }
  if (status.ok()) {
    auto logging = Get("/api/v1/query?query=" + UrlEncode("telltale_logs_acked_lines_total > 0"));
    status = logging ? ParseLoggingPods(parser_, *logging, *view) : Status(logging.error());
  }
  view->known = status.ok();
  if (!status.ok()) {
    failures_.Add();
    view->error = status.error().message;
    if (was_known_) {
      LogWarn("cannot ask Prometheus what it scrapes; status stays Unknown until it answers",
              {{"error", view->error}});
    }
  }
  was_known_ = view->known;
  view_.Set(std::move(view));
  changed_();
}

void PrometheusPoller::Run() {
  do {
    PollOnce();
  } while (trigger_.Wait(kInterval));
}

void PrometheusPoller::Stop() {
  trigger_.Stop();
  client_.Cancel();
}

}  // namespace telltale

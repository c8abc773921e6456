// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_pusher.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/log.h"
#include "common/base/rfc3339.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{5'000}, kRetryFirst{200}, kRetryCap{15'000};
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::string_view kPath = "/api/v2/alerts";

void WriteMap(JsonWriter& writer, std::string_view key, const Labels& values) {
  writer.Key(key).BeginObject();
  for (const auto& [name, value] : values) writer.Field(name, value);
  writer.EndObject();
}

}  // namespace

AlertPusher::AlertPusher(Registry& registry, Clock& clock)
    : clock_(clock),
      pushes_ok_(registry.AddCounter("telltale_alert_pushes_total",
                                     "Pushes of alerts of log lines to the Alertmanager.",
                                     {{"result", "success"}})),
      pushes_failed_(registry.AddCounter("telltale_alert_pushes_total",
                                         "Pushes of alerts of log lines to the Alertmanager.",
                                         {{"result", "failure"}})),
      dropped_(registry.AddCounter("telltale_alert_lines_dropped_total",
                                   "Lines that raised no alert, because too many are active.")),
      active_count_(registry.AddGauge("telltale_alerts_active",
                                      "Alerts of log lines that have not "
                                      "ended.")),
      backoff_(kRetryFirst, kRetryCap) {}

AlertPusher::~AlertPusher() { Stop(); }

void AlertPusher::Configure(const std::string& url) {
  std::lock_guard lock(mutex_);
  url_ = url;
  wake_.notify_all();
}

void AlertPusher::Raise(RaisedAlert alert) {
  std::lock_guard lock(mutex_);
  if (stop_ || url_.empty()) return;
  const std::int64_t now = clock_.WallNanos();
  auto found = active_.find(alert.labels);
  if (found == active_.end()) {
    if (active_.size() >= kMaxActive) {
      dropped_.Add();
      return;
    }
    found = active_.emplace(std::move(alert.labels), Active{}).first;
    found->second.starts = now;
  }
  Active& active = found->second;
  // One that is over and was not told so yet begins anew with the same start: it never was quiet
  // for the Alertmanager.
  active.last = now;
  active.quiet = alert.quiet_ms * kMillisecond;
  active.annotations = std::move(alert.annotations);
  active_count_.Set(static_cast<double>(active_.size()));
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  wake_.notify_all();
}

void AlertPusher::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    if (client_) client_->Cancel();
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::string AlertPusher::Due(std::int64_t now, std::map<Labels, std::int64_t>& sending) {
  const std::int64_t refresh = std::chrono::nanoseconds(kRefresh).count();
  std::string body;
  JsonWriter writer(&body);
  writer.BeginArray();
  for (const auto& [labels, active] : active_) {
    const bool over = now >= active.end();
    const bool longer = active.end() > active.sent_end && now >= active.sent_at + refresh;
    if (active.sent_at != 0 && !over && !longer) continue;
    sending[labels] = active.end();
    writer.BeginObject();
    WriteMap(writer, "labels", labels);
    WriteMap(writer, "annotations", active.annotations);
    writer.Field("startsAt", FormatRfc3339(active.starts, 3));
    writer.Field("endsAt", FormatRfc3339(active.end(), 3));
    writer.EndObject();
  }
  writer.EndArray();
  return sending.empty() ? std::string() : body;
}

std::int64_t AlertPusher::NextDue() const {
  const std::int64_t refresh = std::chrono::nanoseconds(kRefresh).count();
  std::int64_t due = std::numeric_limits<std::int64_t>::max();
  for (const auto& [labels, active] : active_) {
    if (active.sent_at == 0) return 0;
    due = std::min(due, active.end());
    if (active.end() > active.sent_end) due = std::min(due, active.sent_at + refresh);
  }
  return due;
}

void AlertPusher::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::int64_t now = clock_.WallNanos();
    std::map<Labels, std::int64_t> sending;
    const std::string body = url_.empty() ? std::string() : Due(now, sending);
    if (body.empty()) {
      const std::int64_t wait =
          std::clamp<std::int64_t>(NextDue() - now, kMillisecond, 60'000 * kMillisecond);
      wake_.wait_for(lock, std::chrono::nanoseconds(wait));
      continue;
    }
    if (client_url_ != url_) {
      client_url_ = url_;
      client_.reset();
      if (auto url = ParseUrl(url_)) {
        path_ = url->target.substr(0, url->target.find('?'));
        while (path_.ends_with('/')) path_.pop_back();
        if (!path_.ends_with(kPath)) path_ += kPath;
        HttpClientOptions options;
        options.server = *url;
        options.connect_timeout = milliseconds(2'000);
        options.user_agent = "telltale-sidecar";
        client_ = std::make_unique<HttpClient>(std::move(options));
      }
    }
    lock.unlock();
    const bool taken = Push(body);
    lock.lock();
    if (!taken) {
      wake_.wait_for(lock, backoff_.Next(), [&] { return stop_; });
      continue;
    }
    backoff_.Reset();
    for (const auto& [labels, end] : sending) {
      auto active = active_.find(labels);
      active->second.sent_end = end;
      active->second.sent_at = now;
      // Over, and the Alertmanager knows: a line that came meanwhile keeps it.
      if (now >= active->second.end()) active_.erase(active);
    }
    active_count_.Set(static_cast<double>(active_.size()));
  }
}

bool AlertPusher::Push(const std::string& body) {
  Result<HttpResponse> response = Fail(Code::kInvalid, "the URL is none");
  if (client_) {
    HttpRequest request;
    request.method = "POST";
    request.target = path_;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    response = client_->Send(request, kTimeout);
  }
  const bool taken = response && response->status / 100 == 2;
  (taken ? pushes_ok_ : pushes_failed_).Add();
  if (taken) {
    if (std::exchange(in_trouble_, false)) LogInfo("the Alertmanager takes alerts again");
  } else if (!std::exchange(in_trouble_, true)) {
    LogWarn("alerts of log lines cannot be pushed: check alertmanager.url; they are tried again",
            {{"error",
              response ? "status " + std::to_string(response->status) : response.error().message}});
  }
  return taken;
}

}  // namespace telltale

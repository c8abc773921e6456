// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_sender.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{5'000}, kConnectTimeout{2'000};
constexpr milliseconds kRetryFirst{200}, kRetryCap{15'000};
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kLongestWait = 60'000 * kMillisecond;
constexpr std::string_view kPath = "/api/v2/alerts";

// Alertmanager answers in JSON. A page is of something in front of it, or of something else.
bool IsPage(const HttpResponse& response) {
  const std::string* type = FindHeader(response.headers, "Content-Type");
  return (type != nullptr && type->starts_with("text/html")) ||
         Trim(response.body).starts_with('<');
}

// Statuses by which an Alertmanager, or a gateway that looks into bodies, refuses what a push
// holds. All others are about the URL, the credentials or the server.
bool RefusesContent(const HttpResponse& response) {
  const bool content = response.status == 400 || response.status == 413 || response.status == 422;
  return content && !IsPage(response) &&
         response.body.find("HTTP request to an HTTPS server") == std::string::npos;
}

std::string Describe(const HttpResponse& response) {
  std::string text = "HTTP " + std::to_string(response.status);
  const std::string_view body = Trim(std::string_view(response.body).substr(0, 200));
  if (!body.empty()) text += ": " + std::string(body);
  return text;
}

}  // namespace

AlertSender::AlertSender(AlertTarget target, Counters counters, Clock& clock,
                         std::function<void(std::size_t)> resized)
    : target_(std::move(target)),
      counters_(counters),
      clock_(clock),
      resized_(std::move(resized)),
      client_(target_.url, target_.access, "alertmanager", "the Alertmanager", kConnectTimeout,
              clock),
      path_(client_.path()),
      backoff_(kRetryFirst, kRetryCap) {
  if (!path_.ends_with(kPath)) path_ += kPath;
}

AlertSender::~AlertSender() { Join(SteadyTime{}); }

bool AlertSender::Raise(const RaisedAlert& alert) {
  MutexLock lock(mutex_);
  if (stopping_ || stop_) return true;
  if (!book_.Raise(alert, clock_.WallNanos())) return false;
  resized_(book_.size());
  if (!running_) {
    running_ = true;
    thread_ = std::thread([this] { Run(); });
  }
  wake_.NotifyAll();
  return true;
}

void AlertSender::BeginStop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyAll();
}

void AlertSender::Join(SteadyTime deadline) {
  {
    MutexLock lock(mutex_);
    finished_.WaitUntil(mutex_, deadline, [this]() REQUIRES(mutex_) { return !running_; });
    stop_ = true;
    wake_.NotifyAll();
  }
  client_.Cancel();
  if (thread_.joinable()) thread_.join();
}

void AlertSender::Run() {
  MutexLock lock(mutex_);
  while (!stop_ && !(stopping_ && book_.unsent() == 0)) {
    const std::int64_t now = clock_.WallNanos();
    book_.Expire(now);
    const auto due = book_.Due(now, kMaxPush);
    if (due.empty()) {
      const auto wait = std::clamp(book_.NextDue() - now, kMillisecond, kLongestWait);
      wake_.WaitFor(mutex_, std::chrono::nanoseconds(wait));
      continue;
    }
    lock.Unlock();
    std::vector<Outcome> outcomes;
    const bool answered = PushDivided(due, outcomes);
    lock.Lock();
    Record(outcomes, now);
    if (answered) {
      backoff_.Reset();
    } else if (stopping_) {
      break;
    } else {
      wake_.WaitFor(mutex_, backoff_.Next(),
                    [this]() REQUIRES(mutex_) { return stop_ || stopping_; });
    }
  }
  running_ = false;
  finished_.NotifyAll();
}

void AlertSender::Record(const std::vector<Outcome>& outcomes, std::int64_t now) {
  for (const Outcome& outcome : outcomes) {
    if (outcome.answer == Answer::kTaken) book_.Sent(outcome.alert, now);
    if (outcome.answer == Answer::kRefused) book_.Refused(outcome.alert);
  }
  resized_(book_.size());
}

bool AlertSender::PushDivided(std::span<const OutgoingAlert> alerts,
                              std::vector<Outcome>& outcomes) {
  const Answer answer = Push(alerts);
  if (answer == Answer::kFailed) return false;
  if (answer == Answer::kRefused && alerts.size() > 1) {
    const std::size_t half = alerts.size() / 2;
    return PushDivided(alerts.first(half), outcomes) && PushDivided(alerts.subspan(half), outcomes);
  }
  for (const OutgoingAlert& alert : alerts) outcomes.push_back({alert, answer});
  if (answer == Answer::kRefused) {
    counters_.refused.Add();
    const std::string* name = FindLabel(alerts[0].labels, "alertname");
    LogWarn(
        "an Alertmanager refuses an alert of a log line: the alert is dropped",
        {{"alertname", name != nullptr ? *name : ""}, {"url", target_.url}, {"answer", refusal_}});
  }
  return true;
}

AlertSender::Answer AlertSender::Push(std::span<const OutgoingAlert> alerts) {
  HttpRequest request;
  request.method = "POST";
  request.target = path_;
  request.headers = {{"Content-Type", "application/json"}};
  for (const OutgoingAlert& alert : alerts) {
    request.body += request.body.empty() ? '[' : ',';
    request.body += alert.json;
  }
  request.body += ']';
  const auto response = client_.Send(std::move(request), kTimeout);
  if (!response) return Failed(response.error().message);
  const int status = response->status;
  if (status == 401 || status == 403 || status == 407) client_.Rejected();
  const bool taken = status / 100 == 2 && !IsPage(*response);
  if (!taken && !RefusesContent(*response)) return Failed(Describe(*response));
  counters_.success.Add(taken ? 1 : 0);
  counters_.failure.Add(taken ? 0 : 1);
  if (std::exchange(in_trouble_, false)) {
    LogInfo("the Alertmanager takes alerts again", {{"url", target_.url}});
  }
  if (!taken) refusal_ = Describe(*response);
  return taken ? Answer::kTaken : Answer::kRefused;
}

AlertSender::Answer AlertSender::Failed(const std::string& why) {
  counters_.failure.Add();
  if (!std::exchange(in_trouble_, true)) {
    LogWarn(
        "alerts of log lines cannot be pushed and are tried again: check the URL and the "
        "credentials in alertmanager",
        {{"url", target_.url}, {"error", why}});
  }
  return Answer::kFailed;
}

}  // namespace telltale

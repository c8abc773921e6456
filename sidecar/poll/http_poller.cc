// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/http_poller.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kUp = "telltale_http_up", kStatus = "telltale_http_status_code",
                           kTruncated = "telltale_http_body_truncated",
                           kDuration = "telltale_http_duration_seconds",
                           kSuccesses = "telltale_http_successes_total",
                           kFailures = "telltale_http_failures_total",
                           kExpiry = "telltale_http_certificate_expiry_timestamp_seconds",
                           kMatched = "telltale_http_body_matched";

std::vector<double> Bounds() { return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}; }

Labels With(Labels labels, std::string_view name, std::string_view value) {
  SetLabel(labels, name, value);
  return labels;
}

}  // namespace

HttpPoller::HttpPoller(HttpPollConfig config, milliseconds cycle, Registry& registry, Clock& clock)
    : config_(std::move(config)),
      interval_(config_.interval_ms > 0 ? milliseconds(config_.interval_ms) : cycle),
      timeout_(std::min(milliseconds(config_.timeout_ms), interval_)),
      registry_(registry),
      clock_(clock),
      labels_{{"poll", config_.Name()}},
      up_(registry.AddGauge(kUp, "Whether the last poll of the URL succeeded.", labels_)),
      status_(
          registry.AddGauge(kStatus, "HTTP status of the last answer; 0 if none came.", labels_)),
      truncated_(registry.AddGauge(
          kTruncated, "Whether the body of the last answer was longer than what is read of it.",
          labels_)),
      duration_(registry.AddHistogram(
          kDuration, "How long polls took, with redirects; a poll that timed out took its timeout.",
          Bounds(), labels_)),
      successes_(registry.AddCounter(kSuccesses, "Polls that succeeded.", labels_)),
      probe_(config_, clock) {
  for (const std::string_view reason : kPollFailures) {
    Labels labels = labels_;
    SetLabel(labels, "reason", reason);
    failures_[reason] = &registry.AddCounter(kFailures, "Polls that failed, by reason.", labels);
  }
  thread_ = std::thread([this] { Run(); });
}

HttpPoller::~HttpPoller() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    stopped_.NotifyAll();
  }
  probe_.Cancel();
  thread_.join();
  for (const std::string_view name :
       {kUp, kStatus, kTruncated, kDuration, kSuccesses, kExpiry, kMatched}) {
    registry_.Remove(name, labels_);
  }
  for (const std::string_view reason : kPollFailures) {
    registry_.Remove(kFailures, With(labels_, "reason", reason));
  }
}

void HttpPoller::AwaitFirst() {
  MutexLock lock(mutex_);
  while (!polled_once_) polled_.Wait(mutex_);
}

void HttpPoller::SetOptional(std::string_view name, std::string_view help, bool there,
                             double value) {
  if (!there) return registry_.Remove(name, labels_);
  registry_.AddGauge(name, help, labels_).Set(value);
}

void HttpPoller::Publish(const PollResult& result, double seconds) {
  const bool up = result.failure.empty();
  duration_.Observe(seconds);
  up_.Set(up ? 1 : 0);
  status_.Set(result.status);
  truncated_.Set(result.truncated ? 1 : 0);
  (up ? successes_ : *failures_.at(result.failure)).Add();
  SetOptional(kExpiry,
              "When the first of the certificates that the server showed expires; of the URL's own "
              "server, not of one that it redirects to.",
              result.expiry.has_value(), static_cast<double>(result.expiry.value_or(0)));
  SetOptional(kMatched, "Whether the body of the last answer matched the expression.",
              result.body_matched.has_value(), result.body_matched.value_or(false) ? 1 : 0);
  if (result.error == last_error_) return;
  if (up) {
    LogInfo("a poll succeeds again", {{"poll", config_.Name()}, {"url", config_.url}});
  } else {
    LogWarn("a poll fails",
            {{"poll", config_.Name()}, {"url", config_.url}, {"error", result.error}});
  }
  last_error_ = result.error;
}

void HttpPoller::Run() {
  SteadyTime next = clock_.Steady();
  MutexLock lock(mutex_);
  while (!stop_) {
    lock.Unlock();
    const SteadyTime start = clock_.Steady();
    const PollResult result = probe_.Run(timeout_);
    const auto took = std::min<SteadyTime::duration>(clock_.Steady() - start, timeout_);
    if (!result.cancelled) Publish(result, std::chrono::duration<double>(took).count());
    // From the time it was due, so that polls do not drift; after a long stop, from now.
    next = std::max(next + interval_, start + interval_ / 2);
    const auto wait = next - clock_.Steady();
    lock.Lock();
    polled_once_ = true;
    polled_.NotifyAll();
    if (wait > SteadyTime::duration(0)) {
      stopped_.WaitFor(mutex_, wait, [this]() REQUIRES(mutex_) { return stop_; });
    }
  }
}

}  // namespace telltale

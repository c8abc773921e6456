// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_report.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::chrono::seconds kRepeatTrouble{60}, kRepeatRefusal{10}, kLongTrouble{5};

std::string Excerpt(std::string_view text) {
  return std::string(Trim(text.substr(0, std::min<std::size_t>(text.size(), 300))));
}

// Whether a sentence that was last said then may be said again.
bool Due(SteadyTime& said, SteadyTime now, std::chrono::seconds every) {
  if (said != SteadyTime{} && now < said + every) return false;
  said = now;
  return true;
}

}  // namespace

PushReport::PushReport(Registry& registry, Clock& clock)
    : registry_(registry),
      clock_(clock),
      duration_(registry.AddHistogram("telltale_logs_request_duration_seconds",
                                      "How long Loki took to answer a push.",
                                      {0.005, 0.02, 0.1, 0.5, 2, 10})) {
  Requests("204");
}

void PushReport::Answered(const std::string& url, const Result<HttpResponse>& response,
                          const PushAnswer& answer, SteadyTime::duration took) {
  using Kind = PushAnswer::Kind;
  if (response || response.error().code != Code::kPermission) {  // else nothing was sent
    duration_.Observe(std::chrono::duration<double>(took).count());
    Count(response);
  }
  switch (answer.kind) {
    case Kind::kRefused:
      Refusal(url, *response, answer);
      break;
    case Kind::kStored:
      if (std::exchange(in_trouble_, false) && clock_.Steady() - trouble_since_ >= kLongTrouble) {
        LogInfo("Loki takes logs again", {{"url", url}});
      }
      break;
    case Kind::kTooLarge:
      break;  // it is split, which is no trouble
    case Kind::kStreamLimited:
      StreamLimit(url, *response);
      break;
    case Kind::kRetry:
    case Kind::kTenantLimited:
    case Kind::kRetrySlowly:
      Trouble(url, response, answer);
  }
}

void PushReport::Count(const Result<HttpResponse>& response) {
  std::string code = "error";
  if (response) {
    code = std::to_string(response->status);
  } else if (response.error().code == Code::kTimeout) {
    code = "timeout";
  }
  Requests(code).Add();
}

void PushReport::Trouble(const std::string& url, const Result<HttpResponse>& response,
                         const PushAnswer& answer) {
  const bool slowly = answer.kind == PushAnswer::Kind::kRetrySlowly;
  const SteadyTime now = clock_.Steady();
  const bool begins = !std::exchange(in_trouble_, true);
  if (begins) trouble_since_ = now;
  std::string trouble = response ? "status " + std::to_string(response->status) : "no answer";
  // A rate limit comes and goes many times a minute, and what a person must change is said once.
  const bool repeat = now >= trouble_logged_ + kRepeatTrouble && (begins || !slowly);
  if (trouble == last_trouble_ && !repeat) return;
  last_trouble_ = trouble;
  trouble_logged_ = now;
  std::string detail = response ? Excerpt(response->body) : response.error().message;
  LogWarn(slowly ? "Loki does not accept our pushes: check loki.url, tenant and credentials; the "
                   "lines wait in their files"
                 : "logs cannot be pushed to Loki: the lines wait in their files until it answers",
          {{"url", url}, {"trouble", trouble}, {"detail", detail}});
}

void PushReport::Refusal(const std::string& url, const HttpResponse& response,
                         const PushAnswer& answer) {
  if (!Due(refusal_logged_, clock_.Steady(), kRepeatRefusal)) return;
  LogWarn("Loki refused log lines for good; they are counted as lost",
          {{"url", url},
           {"lines", answer.lost_lines},
           {"reason", answer.reason},
           {"detail", Excerpt(response.body)}});
}

void PushReport::StreamLimit(const std::string& url, const HttpResponse& response) {
  if (!Due(stream_logged_, clock_.Steady(), kRepeatTrouble)) return;
  LogWarn("Loki limits a log stream: its lines wait in their file, the other streams go on",
          {{"url", url}, {"detail", Excerpt(response.body)}});
}

Counter& PushReport::Requests(const std::string& code) {
  Counter*& counter = requests_[code];
  if (counter == nullptr) {
    counter = &registry_.AddCounter("telltale_logs_requests_total",
                                    "Pushes to Loki by the answer's status, or error or timeout.",
                                    {{"code", code}});
  }
  return *counter;
}

}  // namespace telltale

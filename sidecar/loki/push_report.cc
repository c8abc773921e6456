// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_report.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::chrono::seconds kRepeatTrouble{60}, kRepeatRefusal{10}, kLongTrouble{5};
constexpr std::size_t kMaxTenants = 1000;  // that are remembered to be in trouble

std::string Excerpt(std::string_view text) {
  return std::string(Trim(text.substr(0, std::min<std::size_t>(text.size(), 300))));
}

// What the answer says, and where it sends us.
std::string Detail(const Result<HttpResponse>& response) {
  if (!response) return response.error().message;
  const std::string* location = FindHeader(response->headers, "Location");
  if (response->status >= 300 && response->status < 400 && location != nullptr) {
    return "it redirects to " + Excerpt(*location);
  }
  return Excerpt(response->body);
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
                                      "How long the log store took to answer a push.",
                                      {0.005, 0.02, 0.1, 0.5, 2, 10})) {
  Requests("204");
}

void PushReport::Answered(const Sent& sent, const Result<HttpResponse>& response,
                          const PushAnswer& answer) {
  using Kind = PushAnswer::Kind;
  if (response || response.error().code != Code::kPermission) {  // else nothing was sent
    duration_.Observe(std::chrono::duration<double>(sent.took).count());
    Count(response);
  }
  if (sent.lost > 0) SayLost(sent, *response, answer);
  const bool alone = sent.streams == 1;
  switch (answer.kind) {
    case Kind::kStored:
      return SayGone(sent);
    case Kind::kRefused:
    case Kind::kTooLarge:
    case Kind::kNoMetadata:
      return;  // it is divided or made smaller, which is no trouble
    case Kind::kStreamLimited:
    case Kind::kStreamRefused:
      if (alone) SayStreamWaits(sent, *response, answer);
      return;
    case Kind::kRetry:
    case Kind::kUnreadable:
    case Kind::kUnclear:
    case Kind::kTenantLimited:
    case Kind::kRetrySlowly:
      return Say(sent, response, answer);
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

void PushReport::Say(const Sent& sent, const Result<HttpResponse>& response,
                     const PushAnswer& answer) {
  using Kind = PushAnswer::Kind;
  const bool person = answer.kind == Kind::kRetrySlowly;
  const SteadyTime now = clock_.Steady();
  if (troubles_.size() >= kMaxTenants && !troubles_.contains(sent.tenant)) return;
  const auto [entry, begins] = troubles_.try_emplace(sent.tenant, Trouble{"", now, SteadyTime{}});
  Trouble& trouble = entry->second;
  const bool sent_nothing = !response && response.error().code == Code::kPermission;
  std::string what = response       ? "status " + std::to_string(response->status)
                     : sent_nothing ? "not sent"
                                    : "no answer";
  // A rate limit comes and goes many times a minute, and what a person must change is said once.
  const bool repeat = now >= trouble.logged + kRepeatTrouble && !person;
  if (!begins && trouble.what == what && !repeat) return;
  trouble.what = what;
  trouble.logged = now;
  const bool unknown = answer.kind == Kind::kUnclear || answer.kind == Kind::kUnreadable;
  LogWarn(sent_nothing
              ? "a credential or certificate for the log store cannot be read: nothing is sent, "
                "the lines wait in their files"
          : person ? "the log store does not accept our pushes: check loki.url, tenant and "
                     "credentials; the lines wait in their files"
          : unknown
              ? "the log store refuses a push in words that are not known here: nothing is taken "
                "for lost, the lines wait in their files"
              : "logs cannot be pushed: the lines wait in their files until the log store answers",
          {{"url", sent.address},
           {"tenant", sent.tenant},
           {"trouble", what},
           {"detail", Detail(response)}});
}

void PushReport::SayGone(const Sent& sent) {
  const auto found = troubles_.find(sent.tenant);
  if (found == troubles_.end()) return;
  if (clock_.Steady() - found->second.since >= kLongTrouble) {
    LogInfo("the log store takes logs again", {{"url", sent.address}, {"tenant", sent.tenant}});
  }
  troubles_.erase(found);
}

void PushReport::SayLost(const Sent& sent, const HttpResponse& response, const PushAnswer& answer) {
  if (!Due(refusal_logged_, clock_.Steady(), kRepeatRefusal)) return;
  LogWarn("the log store refused log lines for good; they are counted as lost",
          {{"url", sent.address},
           {"tenant", sent.tenant},
           {"lines", sent.lost},
           {"reason", answer.reason},
           {"detail", Excerpt(response.body)}});
}

void PushReport::SayStreamWaits(const Sent& sent, const HttpResponse& response,
                                const PushAnswer& answer) {
  const bool labels = answer.kind == PushAnswer::Kind::kStreamRefused;
  if (!Due(labels ? labels_logged_ : limit_logged_, clock_.Steady(), kRepeatTrouble)) return;
  LogWarn(labels ? "the log store refuses the labels of a log stream: change them or its limits; "
                   "the lines wait in their files, the other streams go on"
                 : "the log store limits a log stream: its lines wait in their files, the other "
                   "streams go on",
          {{"url", sent.address}, {"tenant", sent.tenant}, {"detail", Excerpt(response.body)}});
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

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/lastsample/remote_writer.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "common/net/http/http_date.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{2'000}, kTimeout{5'000};
constexpr milliseconds kRetryFirst{200}, kRetryCap{2'000};
// A header Date has whole seconds, so this much later is later than everything that is there.
constexpr milliseconds kLater{1'100};
constexpr std::size_t kMaxSeries = 2'000;  // of a request
constexpr int kMaxDivisions = 64;          // requests that a refused one is divided into
constexpr std::string_view kReceiverFlag = "--web.enable-remote-write-receiver";
constexpr std::string_view kWritten = "X-Prometheus-Remote-Write-Samples-Written";

std::string TargetOf(const std::string& url) {
  const auto parsed = ParseUrl(url);
  return parsed.ok() ? parsed->target : "/";
}

std::string Describe(const HttpResponse& response) {
  std::string text = "HTTP " + std::to_string(response.status);
  const std::string_view body = Trim(std::string_view(response.body).substr(0, 200));
  if (!body.empty()) text += ": " + std::string(body);
  if (response.status == 404 && text.find(kReceiverFlag) == std::string::npos) {
    text.append(" (has it ").append(kReceiverFlag).append("?)");
  }
  return text;
}

// A login page, or the page of a gateway: not the store's own answer.
bool IsPage(const HttpResponse& response) {
  const std::string* type = FindHeader(response.headers, "Content-Type");
  return response.status / 100 == 2 && ((type != nullptr && type->starts_with("text/html")) ||
                                        Trim(response.body).starts_with('<'));
}

bool SaysLater(const HttpResponse& response) {
  const int status = response.status;
  return IsPage(response) || status >= 500 || status == 401 || status == 403 || status == 407 ||
         status == 408 || status == 429;
}

// The sentences of Prometheus about times.
bool IsAboutTime(std::string_view text) {
  for (const std::string_view part :
       {"out of order", "out of bounds", "duplicate sample", "too old", "too far in the future"}) {
    if (text.find(part) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

RemoteWriter::RemoteWriter(const std::string& url, Access access, Clock& clock)
    : clock_(clock),
      url_(url),
      client_(url, std::move(access), "lastSample", "the store of the last samples",
              kConnectTimeout, clock),
      target_(TargetOf(url)) {}

void RemoteWriter::Cancel() {
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
    cancelled_changed_.NotifyAll();
  }
  client_.Cancel();
}

bool RemoteWriter::Pause(milliseconds time) {
  const SteadyTime until = std::min(clock_.Steady() + time, deadline_);
  MutexLock lock(mutex_);
  while (!cancelled_ && clock_.Steady() < until) {
    cancelled_changed_.WaitFor(mutex_, until - clock_.Steady());
  }
  return !cancelled_ && until < deadline_;
}

void RemoteWriter::Send(std::span<const std::shared_ptr<const LastPage>> pages, SteadyTime deadline,
                        Outcome& outcome) {
  deadline_ = deadline;
  outcome_ = &outcome;
  waited_ = false;
  divided_ = 0;
  const bool reached = version_ || Negotiate();
  for (const auto& page : pages) {
    ScrapeLabels labels = page->labels;
    // Prometheus 3, which writes bounds so, is the first one that takes 2.0.
    labels.float_bounds = labels.float_bounds || version_ == RemoteWriteVersion::k2;
    const auto all = ScrapedSeries(page->families, labels);
    if (!reached) outcome.unsent += all.size();
    for (std::size_t i = 0; reached && i < all.size(); i += kMaxSeries) {
      Deliver(Series(all).subspan(i, std::min(kMaxSeries, all.size() - i)), page->end);
    }
  }
}

// An empty request of 2.0. A store that knows 2.0 says how much it wrote; others may well answer
// 204 to what they do not understand.
bool RemoteWriter::Negotiate() {
  const auto answer =
      Post(EncodeRemoteWrite({}, 0, false, RemoteWriteVersion::k2), RemoteWriteVersion::k2);
  if (!answer) return false;
  if (answer->status == 404) {
    outcome_->error = Describe(*answer);
    return false;
  }
  const bool second = answer->status / 100 == 2 && FindHeader(answer->headers, kWritten) != nullptr;
  version_ = second ? RemoteWriteVersion::k2 : RemoteWriteVersion::k1;
  return true;
}

void RemoteWriter::Deliver(Series series, bool end) {
  for (;;) {
    const auto answer = Post(EncodeRemoteWrite(series, StoreMs(), end, *version_), *version_);
    if (!answer) {
      outcome_->unsent += series.size();
      return;
    }
    if (answer->status / 100 == 2) {
      outcome_->written += series.size();
      return;
    }
    outcome_->error = Describe(*answer);
    // Of 2.0 what is good in it is stored, and gets the same value twice: which series came too
    // late is not said.
    if (answer->status == 400 && !waited_ && IsAboutTime(answer->body)) {
      waited_ = true;
      if (Pause(kLater)) continue;
    }
    const std::string* written = FindHeader(answer->headers, kWritten);
    const auto samples = written != nullptr ? ParseInt(*written) : std::nullopt;
    if (*version_ == RemoteWriteVersion::k2 && samples.value_or(0) > 0) {
      const std::size_t good =
          std::min(series.size(), static_cast<std::size_t>(*samples) / (end ? 2 : 1));
      outcome_->written += good;
      outcome_->refused += series.size() - good;
      return;
    }
    return Refused(series, end, *answer);
  }
}

// Nothing of the request is stored: it is divided until what is bad in it is found.
void RemoteWriter::Refused(Series series, bool end, const HttpResponse& answer) {
  const bool content = answer.status == 400 || answer.status == 413 || answer.status == 422;
  if (!content || series.size() == 1 || divided_ >= kMaxDivisions || clock_.Steady() >= deadline_) {
    outcome_->refused += series.size();
    return;
  }
  ++divided_;
  const std::size_t half = series.size() / 2;
  Deliver(series.first(half), end);
  Deliver(series.subspan(half), end);
}

std::optional<HttpResponse> RemoteWriter::Post(const std::string& request,
                                               RemoteWriteVersion version) {
  const std::string body = SnappyCompress(request);
  for (milliseconds wait = kRetryFirst;; wait = std::min(2 * wait, kRetryCap)) {
    auto answer = PostOnce(body, version);
    if (answer.ok() && !SaysLater(*answer)) return *std::move(answer);
    // Why it was not answered before says more than that the time is over.
    const bool over = clock_.Steady() >= deadline_ && !outcome_->error.empty();
    if (!over) outcome_->error = answer.ok() ? Describe(*answer) : answer.error().message;
    if (answer.ok() && (answer->status == 401 || answer->status == 403)) client_.Rejected();
    if (!Pause(wait)) return {};
  }
}

Result<HttpResponse> RemoteWriter::PostOnce(const std::string& body, RemoteWriteVersion version) {
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - clock_.Steady());
  if (left <= milliseconds(0)) return Fail(Code::kTimeout, url_ + " did not answer in time");
  HttpRequest request;
  request.method = "POST";
  request.target = target_;
  request.headers = {
      {"Content-Type", std::string(RemoteWriteContentType(version))},
      {"Content-Encoding", "snappy"},
      {"X-Prometheus-Remote-Write-Version", version == RemoteWriteVersion::k2 ? "2.0.0" : "0.1.0"}};
  request.body = body;
  const std::int64_t sent_ms = LocalMs();
  auto answer = client_.Send(std::move(request), std::min(kTimeout, left));
  if (answer.ok()) CompareClocks(*answer, sent_ms);
  return answer;
}

// Clocks that may be equal, as far as whole seconds show, are taken for equal.
void RemoteWriter::CompareClocks(const HttpResponse& answer, std::int64_t sent_ms) {
  const std::string* header = FindHeader(answer.headers, "Date");
  const auto date = header != nullptr ? ParseHttpDate(Trim(*header)) : std::nullopt;
  if (!date) return;
  const std::int64_t first = *date * 1'000, last = first + 999, now = LocalMs();
  ahead_ms_ = sent_ms <= last && now >= first ? 0 : first + 500 - now;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/follower.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/rfc3339.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr const char* kAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr std::size_t kFlushAt = 256 << 10;
constexpr milliseconds kLook{1'000};  // while the spool is full

Counter& CounterOf(Registry& registry, const char* name, const char* help,
                   const std::string& container) {
  return registry.AddCounter(name, help, {{"log_container", container}});
}

HttpRequest RequestOf(const FollowerOptions& options, const std::string& token,
                      const std::optional<std::string>& since, bool previous) {
  HttpRequest request;
  request.target = "/api/v1/namespaces/" + UrlEncode(options.ns) + "/pods/" +
                   UrlEncode(options.pod) + "/log?container=" + UrlEncode(options.container) +
                   (previous ? "&previous=true" : "&follow=true") + "&timestamps=true";
  if (since) request.target += "&sinceTime=" + UrlEncode(*since);
  if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
  return request;
}

}  // namespace

Result<PodLogServer> InClusterServer() {
  const char* const host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* const port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr) {
    return Fail(Code::kInvalid,
                "the API server is not known: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT "
                "are set in pods only");
  }
  const std::string name = host;
  const std::string in_url = name.find(':') == name.npos ? name : "[" + name + "]";
  auto url = ParseUrl("https://" + in_url + ":" + port);
  if (!url.ok()) return url.error();
  return PodLogServer{*url, std::string(kAccount) + "token", std::string(kAccount) + "ca.crt"};
}

LogFollower::LogFollower(FollowerOptions options, Registry& registry, Clock&)
    : options_(std::move(options)),
      lines_(CounterOf(registry, "telltale_podlog_lines_total",
                       "Lines that the API server gave of a container's output.",
                       options_.container)),
      known_(CounterOf(registry, "telltale_podlog_known_lines_total",
                       "Lines that came again after a resumption and were left out.",
                       options_.container)),
      gaps_(CounterOf(registry, "telltale_podlog_gaps_total",
                      "Resumptions at which the last line was no longer in the container's log: "
                      "lines may be missing.",
                      options_.container)),
      failures_(CounterOf(registry, "telltale_podlog_failures_total",
                          "Requests for a container's output that failed.", options_.container)),
      following_(registry.AddGauge("telltale_podlog_following",
                                   "Whether a container's output is being followed (1) or not (0).",
                                   {{"log_container", options_.container}})),
      forbidden_(registry.AddGauge("telltale_podlog_forbidden",
                                   "Whether the last request for a container's output was refused "
                                   "for want of the right (1) or not (0).",
                                   {{"log_container", options_.container}})),
      spool_(options_.spool),
      backoff_(options_.retry, options_.retry_cap),
      silence_(options_.silence) {}

LogFollower::~LogFollower() { Stop(); }

void LogFollower::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LogFollower::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (client_) client_->Cancel();
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  forbidden_.Set(0);
}

bool LogFollower::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

void LogFollower::Await(milliseconds time) {
  MutexLock lock(mutex_);
  wake_.WaitFor(mutex_, time, [this]() REQUIRES(mutex_) { return stopping_; });
}

void LogFollower::Run() {
  while (!stopping()) {
    const Status opened = spool_.Open(point_);
    if (opened.ok()) break;
    Complain("the spool of a container's output cannot be opened", opened.error().message);
    Await(backoff_.Next());
  }
  while (!stopping()) {
    const End end = Ask(false);
    following_.Set(0);
    const bool room = HasRoom();  // also gives back what Loki has by now
    if (got_ > 0) {
      silence_ = options_.silence;
      backoff_.Reset();
    }
    if (end == End::kGap) {
      AskForPrevious();
    } else if (end == End::kFull || !room) {
      while (!stopping() && !HasRoom()) Await(kLook);
    } else if (end == End::kSilent) {
      silence_ = std::min(silence_ * 2, options_.max_silence);
    } else {
      Await(backoff_.Next());
    }
  }
}

// What came last is not in the container's log: it may be in that of the container before its
// restart. When that is not so, the kubelet has rotated it away, and what was between with it.
void LogFollower::AskForPrevious() {
  gap_ = true;
  const End end = Ask(true);
  if (end == End::kFull) return;  // and once more
  if (gap_) {
    gaps_.Add();
    LogWarn("the log of a container does not go on where it was left: lines may be missing",
            {{"container", options_.container}});
  }
  gap_known_ = true;
}

// One request, to its end.
LogFollower::End LogFollower::Ask(bool previous) {
  TlsIdentity identity;
  if (auto ca = ReadFile(options_.server.ca_file); ca.ok()) identity.ca = *std::move(ca);
  const auto token = ReadFile(options_.server.token_file, 64 << 10);
  HttpClientOptions client;
  client.server = options_.server.url;
  client.tls.identity = std::move(identity);
  client.user_agent = "telltale-sidecar";
  {
    MutexLock lock(mutex_);
    if (stopping_) return End::kStopped;
    client_ = std::make_unique<HttpClient>(std::move(client));
  }
  lines_in_.Begin();
  previous_ = previous;
  first_ = true;
  ended_.reset();
  got_ = 0;
  point_.Begin();
  StreamLimits limits;
  limits.silence = silence_;
  const auto response = client_->Stream(
      RequestOf(options_, token.ok() ? std::string(Trim(*token)) : "", point_.Since(), previous),
      limits, [this](std::string_view piece) { return Take(piece); });
  if (auto written = spool_.Flush(); !written.ok()) {
    Complain("the output of a container cannot be kept", written.error().message);
  }
  return ended_ ? *ended_ : EndOf(response);
}

LogFollower::End LogFollower::EndOf(const Result<HttpResponse>& response) {
  forbidden_.Set(response.ok() && response->status == 403 ? 1 : 0);
  if (!response.ok()) {
    if (response.error().code == Code::kCancelled) return End::kStopped;
    const bool asked = client_->stage() >= HttpStage::kRequest;
    if (response.error().code == Code::kTimeout && asked) return End::kSilent;
    failures_.Add();
    Complain("the output of a container cannot be read now; it is tried again",
             response.error().message);
    return End::kFailed;
  }
  if (response->status == 200) return End::kClosed;
  // 400: it waits to be started. Its lines come when it is.
  if (response->status == 400 || response->status == 404) return End::kNotYet;
  failures_.Add();
  if (response->status == 403) {
    Complain(
        "the pod's ServiceAccount may not read the pod's logs: bind it to a Role with the "
        "verb get on pods/log (examples/podlog/role.yaml)",
        "HTTP 403");
    return End::kRefused;
  }
  Complain("the API server does not give the output of a container; it is asked again",
           "HTTP " + std::to_string(response->status));
  return End::kFailed;
}

void LogFollower::Complain(const std::string& what, const std::string& why) {
  if (what + why == last_error_) return;
  last_error_ = what + why;
  LogError(what, {{"container", options_.container}, {"error", why}});
}

bool LogFollower::Take(std::string_view piece) {
  following_.Set(1);
  forbidden_.Set(0);
  const auto take = [this](std::int64_t time, std::string_view text) {
    return TakeLine(time, text);
  };
  if (!lines_in_.Feed(piece, take)) return false;
  if (auto written = spool_.Flush(); !written.ok()) {
    Complain("the output of a container cannot be kept", written.error().message);
    ended_ = End::kFull;
    return false;
  }
  if (spool_.size() - checked_ < kFlushAt || HasRoom()) return true;
  ended_ = End::kFull;
  return false;
}

// False ends the answer.
bool LogFollower::TakeLine(std::int64_t time, std::string_view text) {
  if (std::exchange(first_, false)) {
    const bool gap = point_.IsGap(time);
    if (previous_) gap_ = gap;
    if (gap && !previous_ && !gap_known_) {
      ended_ = End::kGap;
      return false;
    }
    if (!previous_) gap_known_ = false;
  }
  if (!point_.IsNew(time, text)) {
    known_.Add();
    return true;
  }
  spool_.Add(time, text);
  point_.Keep(time, text);
  lines_.Add();
  ++got_;
  last_error_.clear();
  return true;
}

bool LogFollower::HasRoom() {
  checked_ = spool_.size();
  if (!spool_.Flush().ok()) return false;
  const auto acked = options_.acked(spool_.path());
  if (!acked) return spool_.size() <= options_.max_unacked;
  spool_.Release(*acked);
  return spool_.size() <= *acked + options_.max_unacked;
}

}  // namespace telltale

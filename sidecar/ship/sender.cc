// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/sender.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "sidecar/ship/loki_encoder.h"
#include "sidecar/ship/snappy_codec.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

constexpr std::string_view kPushPath = "/loki/api/v1/push";
constexpr std::chrono::seconds kRepeatTrouble{60}, kRepeatRefusal{10}, kLongTrouble{5};
// A request that was rate limited so often may be above the burst limit and never succeed. Below
// so many bytes no sane burst limit is the reason.
constexpr int kSplitAfter = 3;
constexpr std::size_t kSplitAbove = 64 << 10;

std::string PushPath(std::string_view target) {
  target = target.substr(0, target.find('?'));
  while (target.ends_with('/')) target.remove_suffix(1);
  std::string path(target);
  if (!target.ends_with(kPushPath)) path += kPushPath;
  return path;
}

std::string Excerpt(std::string_view text) {
  return std::string(Trim(text.substr(0, std::min<std::size_t>(text.size(), 300))));
}

}  // namespace

Sender::Sender(Registry& registry, Clock& clock, Done done)
    : registry_(registry),
      clock_(clock),
      done_(std::move(done)),
      duration_(registry.AddHistogram("telltale_logs_request_duration_seconds",
                                      "How long Loki took to answer a push.",
                                      {0.005, 0.02, 0.1, 0.5, 2, 10})),
      backoff_(using_.retry_initial, using_.retry_cap) {
  Requests("204");
}

Sender::~Sender() { Stop(); }

void Sender::Start() {
  thread_ = std::thread([this] { Run(); });
}

Status Sender::SetTarget(PushTarget target) {
  Status parsed;
  if (!target.url.empty()) {
    auto url = ParseUrl(target.url);
    if (!url) {
      parsed = Context("loki.url", url.error());
      target.url.clear();
    }
  }
  std::lock_guard lock(mutex_);
  if (!(target == target_)) {
    target_ = std::move(target);
    target_changed_ = true;
    wake_.notify_all();
  }
  return parsed;
}

void Sender::Submit(std::uint64_t sequence, std::vector<PushBody> bodies) {
  std::reverse(bodies.begin(), bodies.end());
  std::lock_guard lock(mutex_);
  jobs_.push_back({sequence, std::move(bodies)});
  wake_.notify_all();
}

void Sender::Hurry() {
  std::lock_guard lock(mutex_);
  hurry_ = true;
  wake_.notify_all();
}

void Sender::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    if (client_) client_->Cancel();
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Sender::Run() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !jobs_.empty(); });
      if (stop_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    PushResult result;
    result.sequence = job.sequence;
    if (!Deliver(job, result)) return;
    done_(std::move(result));
  }
}

// False when the sender is stopped first.
bool Sender::Deliver(Job& job, PushResult& result) {
  while (!job.bodies.empty()) {
    UseTarget();
    PushAnswer answer;
    if (client_) {
      const PushBody& body = job.bodies.back();
      auto response = Push(body.compressed);
      if (response) answer = ReadPushAnswer(*response, body.count.lines);
      if (!response && response.error().code == Code::kCancelled) return false;
      // Loki names each refused line: fewer lines make a shorter answer.
      if (!response && response.error().code == Code::kTooLarge && body.count.lines > 1) {
        answer.kind = PushAnswer::Kind::kTooLarge;
      }
      Report(response, answer);
      if (Settle(answer, job.bodies, result)) continue;
    } else {
      answer.kind = PushAnswer::Kind::kRetrySlowly;
    }
    if (!WaitBeforeRetry(answer)) return false;
  }
  return true;
}

bool Sender::Settle(const PushAnswer& answer, std::vector<PushBody>& bodies, PushResult& result) {
  using Kind = PushAnswer::Kind;
  rate_limited_ = answer.kind == Kind::kRateLimited ? rate_limited_ + 1 : 0;
  if (answer.kind == Kind::kTooLarge || rate_limited_ >= kSplitAfter) {
    bool must = answer.kind == Kind::kTooLarge;
    rate_limited_ = 0;
    if (!must && (bodies.back().count.lines < 2 || bodies.back().count.bytes < kSplitAbove)) {
      return false;
    }
    Split(bodies, result);
    return must;  // after a rate limit still wait
  }
  if (answer.kind != Kind::kStored && answer.kind != Kind::kRefused) return false;
  LineCount count = bodies.back().count;
  if (answer.lost_lines > 0) {
    LineCount lost{answer.lost_lines, count.bytes};
    // Loki does not say which lines; their bytes are taken as average.
    if (lost.lines < count.lines) lost.bytes = count.bytes / count.lines * lost.lines;
    result.lost[answer.reason] += lost;
    count -= lost;
  }
  result.acked += count;
  bodies.pop_back();
  backoff_.Reset();
  return true;
}

// Replaces the back by its halves, the older one next; one line that is too large alone is lost.
void Sender::Split(std::vector<PushBody>& bodies, PushResult& result) {
  PushBody whole = std::move(bodies.back());
  bodies.pop_back();
  auto request = SnappyUncompress(whole.compressed);
  auto split = request ? SplitPushRequest(*request) : std::nullopt;
  if (!split) {
    result.lost["too_large"] += whole.count;
    return;
  }
  PushBody first{SnappyCompress(split->first), {split->first_entries, 0}};
  first.count.bytes = whole.count.bytes / whole.count.lines * first.count.lines;
  PushBody second{SnappyCompress(split->second), whole.count};
  second.count -= first.count;
  bodies.push_back(std::move(second));
  bodies.push_back(std::move(first));
}

void Sender::UseTarget() {
  std::lock_guard lock(mutex_);
  if (!std::exchange(target_changed_, false)) return;
  bool same_server = target_.url == using_.url && client_;
  using_ = target_;
  backoff_ = Backoff(using_.retry_initial, using_.retry_cap);
  if (same_server) return;
  client_.reset();
  auto url = ParseUrl(using_.url);
  if (!url) return;
  path_ = PushPath(url->target);
  HttpClientOptions options;
  options.server = *url;
  options.connect_timeout = std::min(options.connect_timeout, using_.request_timeout);
  options.user_agent = "telltale-sidecar";
  client_ = std::make_unique<HttpClient>(std::move(options));
  if (stop_) client_->Cancel();
}

Result<HttpResponse> Sender::Push(const std::string& body) {
  HttpRequest request;
  request.method = "POST";
  request.target = path_;
  request.headers = {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}};
  if (!using_.tenant.empty()) request.headers.emplace_back("X-Scope-OrgID", using_.tenant);
  request.body = body;
  SteadyTime start = clock_.Steady();
  auto response = client_->Send(request, using_.request_timeout);
  duration_.Observe(std::chrono::duration<double>(clock_.Steady() - start).count());
  std::string code = "error";
  if (response) {
    code = std::to_string(response->status);
  } else if (response.error().code == Code::kTimeout) {
    code = "timeout";
  }
  Requests(code).Add();
  return response;
}

// False when the sender is stopped.
bool Sender::WaitBeforeRetry(const PushAnswer& answer) {
  Millis wait = std::max(backoff_.Next(), answer.retry_after);
  if (answer.kind == PushAnswer::Kind::kRetrySlowly) wait = std::max(wait, using_.retry_cap);
  std::unique_lock lock(mutex_);
  bool hurried = hurry_;
  if (hurried) wait = std::min(wait, using_.retry_initial);
  wake_.wait_for(lock, wait, [&] { return stop_ || target_changed_ || (hurry_ && !hurried); });
  return !stop_;
}

void Sender::Report(const Result<HttpResponse>& response, const PushAnswer& answer) {
  using Kind = PushAnswer::Kind;
  if (answer.kind == Kind::kRefused) {
    ReportRefusal(*response, answer);
    return;
  }
  SteadyTime now = clock_.Steady();
  if (answer.kind == Kind::kStored) {
    if (std::exchange(in_trouble_, false) && now - trouble_since_ >= kLongTrouble) {
      LogInfo("Loki takes logs again", {{"url", using_.url}});
    }
    return;
  }
  if (answer.kind == Kind::kTooLarge) return;  // it is split, which is no trouble
  bool begins = !std::exchange(in_trouble_, true);
  if (begins) trouble_since_ = now;
  std::string trouble = response ? "status " + std::to_string(response->status) : "no answer";
  // A rate limit comes and goes many times a minute, and what a person must change is said once.
  bool repeat =
      now >= trouble_logged_ + kRepeatTrouble && (begins || answer.kind != Kind::kRetrySlowly);
  if (trouble == last_trouble_ && !repeat) return;
  last_trouble_ = trouble;
  trouble_logged_ = now;
  std::string detail = response ? Excerpt(response->body) : response.error().message;
  LogWarn(answer.kind == Kind::kRetrySlowly
              ? "Loki does not accept our pushes: check loki.url, tenant and credentials; the "
                "lines wait in their files"
              : "logs cannot be pushed to Loki: the lines wait in their files until it answers",
          {{"url", using_.url}, {"trouble", trouble}, {"detail", detail}});
}

void Sender::ReportRefusal(const HttpResponse& response, const PushAnswer& answer) {
  if (refusal_logged_ != SteadyTime{} && clock_.Steady() < refusal_logged_ + kRepeatRefusal) return;
  refusal_logged_ = clock_.Steady();
  LogWarn("Loki refused log lines for good; they are counted as lost",
          {{"url", using_.url},
           {"lines", answer.lost_lines},
           {"reason", answer.reason},
           {"detail", Excerpt(response.body)}});
}

Counter& Sender::Requests(const std::string& code) {
  Counter*& counter = requests_[code];
  if (counter == nullptr) {
    counter = &registry_.AddCounter("telltale_logs_requests_total",
                                    "Pushes to Loki by the answer's status, or error or timeout.",
                                    {{"code", code}});
  }
  return *counter;
}

}  // namespace telltale

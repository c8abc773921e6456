// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/log_pipeline.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/files.h"
#include "common/base/mutex.h"
#include "sidecar/journal/state_lock.h"
#include "sidecar/loki/sender.h"
#include "sidecar/ship/log_worker.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

constexpr std::chrono::seconds kSweepEvery{1};
constexpr Millis kLockRetry{1'000};  // while another process has the state folder
// A writer that writes line by line must not wake us line by line. Renames wait so long, too,
// and are followed by the names in their events. While Loki is away there is less hurry.
constexpr Millis kPatience{5'000};  // of one who asks the worker
constexpr Millis kCoolDown{50}, kCoolDownFull{100};

}  // namespace

class LogPipeline::Impl {
 public:
  Impl(LogPipelineOptions options, Registry& registry, Clock& clock)
      : clock_(clock),
        options_(std::move(options)),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        sender_(registry, clock, [this](PushResult result) { Answer(std::move(result)); }),
        worker_(options_.state_dir, registry, clock, sender_) {}

  ~Impl() { End(false, Millis(0)); }

  Status Start() {
    if (!wake_) return ErrnoError("making an eventfd for the log pipeline", errno);
    sender_.Start();
    thread_ = std::thread([this] { Run(); });
    return {};
  }

  void Reconfigure(std::vector<LogSource> sources, LogPipelineOptions changed) {
    MutexLock lock(mutex_);
    next_.emplace(std::move(sources), std::move(changed));
    Wake();
  }

  bool Flush(Millis timeout) {
    MutexLock lock(mutex_);
    std::uint64_t ticket = ++flush_asked_;
    Wake();
    return flushed_.WaitFor(mutex_, timeout,
                            [&]() REQUIRES(mutex_) { return flush_done_ >= ticket; });
  }

  // Has the worker answer a question; false when it did not get to it. It runs with mutex_ held.
  bool Ask(std::function<void(const LogWorker&)> question) {
    MutexLock one_at_a_time(asking_);
    MutexLock lock(mutex_);
    question_ = std::move(question);
    Wake();
    bool answered = answered_.WaitFor(mutex_, kPatience, [&]() REQUIRES(mutex_) {
      return !question_ || end_;
    }) && !question_;
    question_ = nullptr;
    return answered;
  }

  void End(bool drain, Millis timeout) {
    if (!thread_.joinable()) return;
    {
      MutexLock lock(mutex_);
      end_ = true;
      drain_ = drain;
      deadline_ = clock_.Steady() + timeout;
      Wake();
      ended_.NotifyAll();
    }
    thread_.join();
  }

 private:
  using Config = std::pair<std::vector<LogSource>, LogPipelineOptions>;

  void Wake() {
    std::uint64_t one = 1;
    // Fails only when the counter is full, and then the reader is awake.
    [[maybe_unused]] ssize_t n = write(wake_.get(), &one, sizeof(one));
  }

  void Answer(PushResult result) {  // on the sender's thread
    MutexLock lock(mutex_);
    answers_.push_back(std::move(result));
    Wake();
  }

  void Run();
  // Waits so long, or until the pipeline is to end; then true.
  bool EndsWithin(Millis wait) {
    MutexLock lock(mutex_);
    return ended_.WaitFor(mutex_, wait, [&]() REQUIRES(mutex_) { return end_; });
  }
  void TakeMail();
  void TakeAnswers();
  void Wait();

  Clock& clock_;
  LogPipelineOptions options_;
  UniqueFd wake_;

  Mutex asking_;  // guards no member: one question at a time; taken before mutex_
  Mutex mutex_;
  CondVar flushed_, answered_, ended_;
  std::optional<Config> next_ GUARDED_BY(mutex_);
  std::vector<PushResult> answers_ GUARDED_BY(mutex_);
  std::uint64_t flush_asked_ GUARDED_BY(mutex_) = 0, flush_done_ GUARDED_BY(mutex_) = 0;
  std::function<void(const LogWorker&)> question_ GUARDED_BY(mutex_);
  bool end_ GUARDED_BY(mutex_) = false, drain_ GUARDED_BY(mutex_) = false;
  SteadyTime deadline_{};  // of the drain; written once, before the worker sees end_

  // The worker's own.
  bool ending_ = false, draining_ = false;
  std::uint64_t flushing_ = 0;  // the ticket that is being served
  SteadyTime next_sweep_{}, cool_until_{};

  Sender sender_;
  LogWorker worker_;
  std::thread thread_;
};

void LogPipeline::Impl::TakeAnswers() {
  std::vector<PushResult> answers;
  {
    MutexLock lock(mutex_);
    answers.swap(answers_);
  }
  for (const PushResult& answer : answers) worker_.Answered(answer);
}

void LogPipeline::Impl::TakeMail() {
  TakeAnswers();
  std::optional<Config> config;
  bool look = false;
  {
    MutexLock lock(mutex_);
    config.swap(next_);
    look = flush_asked_ > flushing_ && flush_asked_ > flush_done_;
    flushing_ = flush_asked_;
    if (question_) {
      question_(worker_);
      question_ = nullptr;
      answered_.NotifyAll();
    }
    if (end_ && !ending_) {
      ending_ = true;
      draining_ = look = drain_;
      if (draining_) sender_.Hurry();
    }
  }
  if (config) worker_.Configure(std::move(config->first), config->second);
  if (look) next_sweep_ = SteadyTime{};
}

void LogPipeline::Impl::Run() {
  StateLock state_lock(options_.state_dir);
  while (!state_lock.TryLock()) {
    if (EndsWithin(kLockRetry)) return sender_.Stop();
  }
  worker_.Open();
  bool swept_for_drain = false;
  while (true) {
    TakeMail();
    if (ending_ && !draining_) break;
    // What is written after the last look belongs to the next start.
    if (!swept_for_drain && clock_.Steady() >= next_sweep_) {
      worker_.Sweep();
      next_sweep_ = clock_.Steady() + kSweepEvery;
      swept_for_drain = draining_;
    }
    bool flush = false;
    {
      MutexLock lock(mutex_);
      flush = flushing_ > flush_done_;
    }
    auto mode = draining_ ? LogWorker::Mode::kDrain
                          : (flush ? LogWorker::Mode::kFlush : LogWorker::Mode::kNormal);
    worker_.Work(mode);
    if (flush && worker_.Idle() && worker_.Shipping()) {
      MutexLock lock(mutex_);
      flush_done_ = flushing_;
      flushed_.NotifyAll();
    }
    if (draining_ && (worker_.Idle() || clock_.Steady() >= deadline_)) break;
    worker_.Sync();
    Wait();
  }
  sender_.Stop();
  TakeAnswers();
  if (draining_) worker_.Sync(true);
}

void LogPipeline::Impl::Wait() {
  SteadyTime now = clock_.Steady();
  bool cool = now >= cool_until_;
  SteadyTime until = draining_ ? deadline_ : next_sweep_;
  if (auto due = worker_.NextDue()) until = std::min(until, *due);
  if (!cool) until = std::min(until, cool_until_);
  const auto look = worker_.NextLook();
  if (look) until = std::min(until, std::max(*look, cool_until_));
  auto wait = std::chrono::ceil<Millis>(std::max(until - now, SteadyTime::duration{}));
  std::array<pollfd, 2> fds{{{wake_.get(), POLLIN, 0}, {worker_.events_fd(), POLLIN, 0}}};
  if (!cool || draining_) fds[1].fd = -1;
  poll(fds.data(), fds.size(), static_cast<int>(std::min<std::int64_t>(wait.count(), 60'000)));
  if ((fds[0].revents & POLLIN) != 0) {
    std::uint64_t count;
    [[maybe_unused]] ssize_t n = read(wake_.get(), &count, sizeof(count));
  }
  if ((fds[1].revents & POLLIN) != 0 || (look && cool && clock_.Steady() >= *look)) {
    worker_.HandleEvents();
    cool_until_ = clock_.Steady() + (worker_.Full() ? kCoolDownFull : kCoolDown);
  }
}

LogPipeline::LogPipeline(LogPipelineOptions options, Registry& registry, Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), registry, clock)) {}

LogPipeline::~LogPipeline() = default;

Status LogPipeline::Start() { return impl_->Start(); }

void LogPipeline::Reconfigure(std::vector<LogSource> sources, LogPipelineOptions changed) {
  impl_->Reconfigure(std::move(sources), std::move(changed));
}

void LogPipeline::Stop(Millis flush_timeout) { impl_->End(true, flush_timeout); }

std::optional<std::set<std::string>> LogPipeline::Behind(std::chrono::nanoseconds age) {
  std::set<std::string> behind;
  if (!impl_->Ask([&](const LogWorker& worker) { behind = worker.Behind(age); })) return {};
  return behind;
}

std::optional<std::uint64_t> LogPipeline::Acked(const std::string& path) {
  std::optional<std::uint64_t> acked;
  impl_->Ask([&](const LogWorker& worker) { acked = worker.Acked(path); });
  return acked;
}

bool LogPipeline::Flush(Millis timeout) { return impl_->Flush(timeout); }

}  // namespace telltale

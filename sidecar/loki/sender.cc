// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/sender.h"

#include <utility>

namespace telltale {

Sender::Sender(Registry& registry, Clock& clock, Done done)
    : clock_(clock), done_(std::move(done)), report_(registry, clock) {}

Sender::~Sender() { Stop(); }

void Sender::Start() {
  thread_ = std::thread([this] { Run(); });
}

Status Sender::SetTarget(PushTarget target) {
  Status checked;
  if (!target.url.empty()) checked = PushClient::Check(target);
  if (!checked.ok()) target.url.clear();
  std::lock_guard lock(mutex_);
  if (!(target == target_)) {
    target_ = std::move(target);
    target_changed_ = true;
    wake_.notify_all();
  }
  return checked;
}

void Sender::Submit(std::uint64_t sequence, std::vector<PushBody> bodies) {
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
  while (!cancelled_ && TakeMail()) {
    PushQueue::Turn turn;
    if (client_) turn = queue_.Next(clock_.Steady(), clock_.WallNanos());
    if (turn.body != nullptr) Push(*turn.body);
    Deliver();
    if (turn.body == nullptr) Await(turn.due);
  }
}

// False when the sender is to stop.
bool Sender::TakeMail() {
  std::lock_guard lock(mutex_);
  if (stop_) return false;
  for (Job& job : jobs_) queue_.Add(job.sequence, std::move(job.bodies));
  jobs_.clear();
  if (std::exchange(target_changed_, false)) {
    queue_.SetTimes(target_.times);
    client_.reset();
    url_ = target_.url;
    if (!target_.url.empty()) client_ = std::make_unique<PushClient>(target_, clock_);
  }
  if (hurry_ && !std::exchange(hurrying_, true)) queue_.Hurry(clock_.Steady());
  return true;
}

void Sender::Push(const PushBody& body) {
  const SteadyTime start = clock_.Steady();
  auto response = client_->Push(body);
  PushAnswer answer;
  if (response) {
    answer = ReadPushAnswer(*response, body.count.lines);
  } else if (response.error().code == Code::kCancelled) {
    cancelled_ = true;
    return;
  } else if (response.error().code == Code::kTooLarge && body.count.lines > 1) {
    // Loki names each refused line: fewer lines make a shorter answer.
    answer.kind = PushAnswer::Kind::kTooLarge;
  } else if (response.error().code == Code::kPermission) {
    answer.kind = PushAnswer::Kind::kRetrySlowly;
    answer.credentials = true;
  }
  if (answer.credentials) client_->Rejected();
  report_.Answered(url_, response, answer, clock_.Steady() - start);
  queue_.Settle(answer, clock_.Steady());
}

void Sender::Deliver() {
  for (PushResult& result : queue_.TakeResults()) done_(std::move(result));
}

void Sender::Await(std::optional<SteadyTime> due) {
  std::unique_lock lock(mutex_);
  auto woken = [&] { return stop_ || target_changed_ || !jobs_.empty() || (hurry_ && !hurrying_); };
  if (due) {
    wake_.wait_for(lock, *due - clock_.Steady(), woken);
  } else {
    wake_.wait(lock, woken);
  }
}

}  // namespace telltale

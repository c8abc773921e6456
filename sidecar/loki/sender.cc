// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/sender.h"

#include <utility>

namespace telltale {

Sender::Sender(Registry& registry, Clock& clock, Done done)
    : clock_(clock), done_(std::move(done)), report_(registry, clock) {}

Sender::~Sender() { Stop(); }

void Sender::Start() {
  MutexLock lock(mutex_);
  StartLane();
}

void Sender::StartLane() {
  Lane& lane = lanes_.emplace_back();
  lane.thread = std::thread([this, &lane] { Run(lane); });
}

Status Sender::SetTarget(PushTarget target) {
  Status checked;
  if (!target.url.empty()) checked = PushClient::Check(target);
  if (!checked.ok()) target.url.clear();
  MutexLock lock(mutex_);
  if (target_version_ > 0 && target == target_) return checked;
  target_ = std::move(target);
  ++target_version_;
  queue_.SetTimes(target_.times, target_.max_push_bytes);
  wake_.NotifyAll();
  return checked;
}

void Sender::Submit(std::uint64_t sequence, std::vector<PushBody> bodies, bool replayed) {
  MutexLock lock(mutex_);
  ++unsent_bytes_;  // a batch without lines has a result, too
  for (const PushBody& body : bodies) unsent_bytes_ += body.count.bytes;
  queue_.Add(sequence, std::move(bodies), replayed);
  if (unsent_bytes_ >= target_.max_push_bytes) Wake();
}

void Sender::Send() {
  MutexLock lock(mutex_);
  if (unsent_bytes_ > 0) Wake();
}

void Sender::Wake() {
  unsent_bytes_ = 0;
  wake_.NotifyOne();
}

void Sender::Refill(std::uint64_t sequence, std::vector<PushBody> bodies) {
  MutexLock lock(mutex_);
  queue_.Refill(sequence, std::move(bodies));
  wake_.NotifyOne();
}

void Sender::Abandon(std::uint64_t sequence, std::string_view reason) {
  MutexLock lock(mutex_);
  queue_.Abandon(sequence, reason);
  wake_.NotifyOne();
}

void Sender::Hurry() {
  MutexLock lock(mutex_);
  queue_.Hurry(clock_.Steady());
  wake_.NotifyAll();
}

void Sender::Stop() {
  std::vector<std::thread*> threads;  // all: no lane is started any more
  {
    MutexLock lock(mutex_);
    stop_ = true;
    for (Lane& lane : lanes_) {
      if (lane.client) lane.client->Cancel();
      if (lane.thread.joinable()) threads.push_back(&lane.thread);
    }
    wake_.NotifyAll();
  }
  for (std::thread* thread : threads) thread->join();
}

void Sender::Run(Lane& lane) {
  MutexLock lock(mutex_);
  while (true) {
    Deliver();
    if (stop_) return;
    PushQueue::Turn turn;
    if (!target_.url.empty()) turn = queue_.Next(clock_.Steady(), clock_.WallNanos());
    if (turn.push) {
      ShareWork();
      Push(lane, std::move(*turn.push));
      continue;
    }
    if (queue_.HasResults()) continue;  // lines were given up
    ++idle_;
    if (turn.due) {
      wake_.WaitFor(mutex_, *turn.due - clock_.Steady());
    } else {
      wake_.Wait(mutex_);
    }
    --idle_;
  }
}

// More than one connection carries is for another one.
void Sender::ShareWork() {
  if (!queue_.HasNext(clock_.Steady())) return;
  if (idle_ > 0) {
    wake_.NotifyOne();
  } else if (lanes_.size() < PushQueue::kMaxPushes) {
    StartLane();
  }
}

void Sender::Connect(Lane& lane) {
  if (lane.client && lane.target == target_version_) return;
  lane.client = std::make_unique<PushClient>(target_, clock_);
  lane.target = target_version_;
}

void Sender::Push(Lane& lane, PushQueue::Push push) {
  Connect(lane);
  const std::string address = PushClient::Address(target_);
  mutex_.Unlock();
  const SteadyTime start = clock_.Steady();
  auto response = lane.client->Push(push.tenant, std::move(push.body));
  PushAnswer answer;
  if (response) {
    answer = ReadPushAnswer(*response, push.lines, push.raw_bytes);
  } else if (response.error().code == Code::kTooLarge && push.lines > 1) {
    // Loki names each refused line: fewer lines make a shorter answer.
    answer.kind = PushAnswer::Kind::kTooLarge;
    answer.maybe_stored = true;
  } else if (response.error().code == Code::kPermission) {
    answer.kind = PushAnswer::Kind::kRetrySlowly;
    answer.credentials = true;
  } else {
    answer.maybe_stored = true;
  }
  if (answer.credentials) lane.client->Rejected();
  mutex_.Lock();
  if (!response && response.error().code == Code::kCancelled) return;  // the sender ends
  const std::uint64_t lost = queue_.OnResponse(push.id, answer, clock_.Steady());
  report_.Answered({address, push.tenant, push.streams, lost, clock_.Steady() - start}, response,
                   answer);
}

// Calls `done` without the lock, but in the order of the results.
void Sender::Deliver() {
  mutex_.Unlock();
  {
    MutexLock one_at_a_time(delivering_);
    mutex_.Lock();
    std::vector<PushResult> results = queue_.TakeResults();
    mutex_.Unlock();
    for (PushResult& result : results) done_(std::move(result));
  }
  mutex_.Lock();
}

}  // namespace telltale

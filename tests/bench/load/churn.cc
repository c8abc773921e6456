// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/churn.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <thread>

namespace telltale::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::array kComing = {Phase::kScheduled, Phase::kCreating, Phase::kStarted,
                                Phase::kReady};
constexpr std::array kGoing = {Phase::kTerminating, Phase::kStopped};
// An app's pods get new labels (the template's hash) once this many of them were replaced.
constexpr std::uint32_t kPodsOfRevision = 50;
constexpr int kComeSteps = static_cast<int>(kComing.size()) + 1;  // with ADDED
constexpr int kGoSteps = static_cast<int>(kGoing.size()) + 1;     // with DELETED

}  // namespace

ChurnReport Churn::Run(double rate, double seconds) {
  draining_ = false;
  return Pace(rate, seconds);
}

ChurnReport Churn::Drain(double rate) {
  draining_ = true;
  return Pace(rate, std::numeric_limits<double>::infinity());
}

// Events are due one by one; what is due is sent every millisecond.
ChurnReport Churn::Pace(double rate, double seconds) {
  ChurnReport report;
  const auto start = steady_clock::now();
  for (bool more = true; more;) {
    const double now = std::chrono::duration<double>(steady_clock::now() - start).count();
    const auto due = static_cast<std::uint64_t>(std::min(now, seconds) * rate);
    report.worst_lag_ms =
        std::max(report.worst_lag_ms, 1000 * (static_cast<double>(due - report.events) / rate) - 1);
    while (more && report.events < due) {
      more = OneEvent();
      if (more) ++report.events;
    }
    table_.Wake();
    if (now >= seconds) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  report.seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  return report;
}

// False when it drains and nothing is left to do.
bool Churn::OneEvent() {
  if (!draining_) {
    while (marker_lives_ < kMarkerLives) Begin(true);
    while (lives_.size() < most_lives_) Begin(false);
    if (++count_ % 6 == 0) {
      Touch();
      return true;
    }
  }
  if (lives_.empty()) return false;
  const std::size_t chosen = random_() % lives_.size();
  Step(lives_[chosen]);
  if (lives_[chosen].next == kComeSteps + kGoSteps) {
    busy_.erase(lives_[chosen].new_slot);
    if (lives_[chosen].old.app == kMarkerApp) --marker_lives_;
    lives_[chosen] = lives_.back();
    lives_.pop_back();
  }
  return true;
}

void Churn::Begin(bool marker) {
  std::uniform_int_distribution<std::uint32_t> any(0, table_.slots() - 1);
  for (int tries = 0; tries < 100'000; ++tries) {
    const std::uint32_t slot = any(random_);
    const PodFill pod = table_.At(slot);
    if (busy_.contains(slot) || pod.phase == Phase::kStopped) continue;
    if ((pod.app == kMarkerApp) != marker) continue;
    busy_.insert(slot);
    lives_.push_back({pod, slot, slot, 0});
    marker_lives_ += marker ? 1 : 0;
    return;
  }
}

void Churn::Step(Life& life) {
  const int step = life.next++;
  const bool stateful = IsStatefulSet(life.old.app);
  const int come = stateful ? step - kGoSteps : step;
  const int go = stateful ? step : step - kComeSteps;
  if (come == 0) {
    Create(life);
  } else if (come > 0 && come < kComeSteps) {
    Set(life.new_slot, kComing[static_cast<std::size_t>(come - 1)]);
  } else if (go < kGoSteps - 1) {
    Set(life.old_slot, kGoing[static_cast<std::size_t>(go)]);
  } else {
    Remove(life.old_slot);
    busy_.erase(life.old_slot);
  }
}

void Churn::Create(Life& life) {
  PodFill pod = life.old;
  pod.serial = table_.NextSerial();
  if (replaced_.size() <= pod.app) replaced_.resize(pod.app + 1U);
  pod.revision = ++replaced_[pod.app] / kPodsOfRevision;
  pod.phase = Phase::kCreated;
  pod.node = static_cast<std::uint16_t>((pod.node + 13) % 1600);
  life.new_slot = table_.Add(pod);
  busy_.insert(life.new_slot);
}

void Churn::Set(std::uint32_t slot, Phase phase) {
  table_.Modify(slot, phase);
  const PodFill pod = table_.At(slot);
  if (pod.app == kMarkerApp && phase == Phase::kStarted) {
    markers_.Appeared(PodUid(pod), steady_clock::now());
  }
}

void Churn::Remove(std::uint32_t slot) {
  const PodFill pod = table_.At(slot);
  table_.Remove(slot);
  if (pod.app == kMarkerApp) markers_.Gone(PodUid(pod), steady_clock::now());
}

void Churn::Touch() {
  std::uniform_int_distribution<std::uint32_t> any(0, table_.slots() - 1);
  for (;;) {
    const std::uint32_t slot = any(random_);
    const Phase phase = table_.At(slot).phase;
    if (busy_.contains(slot) || (phase != Phase::kReady && phase != Phase::kTouched)) continue;
    table_.Modify(slot, phase == Phase::kReady ? Phase::kTouched : Phase::kReady);
    return;
  }
}

}  // namespace telltale::bench

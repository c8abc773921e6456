// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/reflector.h"

#include <algorithm>
#include <random>
#include <utility>

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer is a mistake of the server or of a proxy, and we would be blind for as long.
constexpr seconds kLongestRetryAfter{300};

std::function<std::uint64_t()> OrSystemRandom(std::function<std::uint64_t()> random) {
  if (random) return random;
  return [] { return std::uint64_t{std::random_device{}()}; };
}

ReflectorOptions Complete(ReflectorOptions options) {
  options.random = OrSystemRandom(std::move(options.random));
  return options;
}

}  // namespace

Reflector::Reflector(ReflectorOptions options, HttpTransport& transport, ReflectorSink& sink,
                     Registry& registry, Clock& clock)
    : options_(Complete(std::move(options))),
      transport_(transport),
      sink_(sink),
      clock_(clock),
      metrics_(registry, options_.name),
      sync_pace_(clock, options_.random),
      watch_pace_(clock, options_.random) {}

void Reflector::Run() {
  started_ = clock_.Steady();
  Turn turn{.sync = true};
  while (!Stopping()) {
    turn = turn.sync ? Sync() : Rewatch();
    if (!turn.wait || Stopping()) continue;
    const milliseconds pause = (turn.sync ? sync_pace_ : watch_pace_).Next();
    Sleep(std::max<milliseconds>(pause, std::min(turn.at_least, kLongestRetryAfter)));
  }
}

void Reflector::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyAll();
}

bool Reflector::Stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

void Reflector::Sleep(milliseconds duration) {
  if (options_.wait) return options_.wait(duration);
  MutexLock lock(mutex_);
  wake_.WaitFor(mutex_, duration, [this]() REQUIRES(mutex_) { return stopping_; });
}

// At once when syncs are rare: readers are behind until it is done. A whole content is the most
// expensive thing we can ask for, so that in a storm each one waits longer than the one before.
Reflector::Turn Reflector::Resync() {
  const bool rare = synced_at_ && clock_.Steady() - *synced_at_ >= RetryPace::kForgotten;
  return {.sync = true, .wait = !rare};
}

}  // namespace telltale

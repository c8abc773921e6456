// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/stage.h"

#include <utility>

namespace telltale::faults {
namespace {

constexpr int kChanges = 60;
// Beyond the longest wait between two tries to reach a server that was away.
constexpr std::chrono::seconds kReconnect{100};

FakeClusterOptions Options(std::uint64_t seed, const FaultPlan& plan) {
  FakeClusterOptions options;
  options.seed = seed;
  options.watch_list = plan.watch_list();
  options.expired_as_status = seed % 2 == 0;
  options.log_reads = false;
  return options;
}

}  // namespace

Stage::Stage(std::uint64_t seed, bool writers)
    : plan(seed),
      random(seed, "stage"),
      scheduler(clock, seed),
      cluster(Options(seed, plan), clock),
      world(cluster, seed),
      server(scheduler, cluster, &plan, seed),
      writers_(writers) {
  world.Create(/*old_sidecars=*/plan.theme() == Theme::kOldSidecars);
  created_ = cluster.resource_version();
}

void Stage::AtSomeTime(std::function<void()> action) {
  const auto last = static_cast<int>(plan.duration().count());
  scheduler.After(Millis(random.Between(0, last)), std::move(action));
}

void Stage::ChangeWorld() {
  if (scheduler.Now() >= still_until_) return world.Change();
  scheduler.At(still_until_, [this] { ChangeWorld(); });
}

// Whoever restores etcd as its documentation says lets the revision jump over all that were given
// out and compacts, so that every client is told. Whoever does not, relies on clients that notice
// that the server went back; they can, as long as its versions have not caught up with theirs.
void Stage::Restore() {
  server.GoDown(Millis(random.Between(500, 5'000)));
  const std::uint64_t now = cluster.resource_version();
  const std::uint64_t back = random.Below(now - created_ + 1);
  // After one restore the versions of before it may be out of reach for the next.
  if (!cluster.Restore(now - back).ok()) return;
  const bool told = writers_ || plan.theme() != Theme::kRestore || plan.mixes();
  if (!told) {
    still_until_ = scheduler.Now() + kReconnect;
    return;
  }
  while (cluster.resource_version() <= now) {
    (void)cluster.Put("/api/v1/namespaces/telltale/configmaps/revision", "{}");
  }
  cluster.Compact();
}

void Stage::Disturb(const std::function<void()>& at_end) {
  for (int i = 0; i < kChanges; ++i) AtSomeTime([this] { ChangeWorld(); });
  for (int i = 0; i < plan.server_restarts(); ++i) {
    AtSomeTime([this] {
      server.GoDown(Millis(random.Between(500, 40'000)));
      cluster.Compact();
    });
  }
  for (int i = 0; i < plan.restores(); ++i) {
    AtSomeTime([this] { Restore(); });
  }
  server.SetFaults(true);
  scheduler.RunFor(plan.duration());
  if (at_end) at_end();
  server.SetFaults(false);
  if (still_until_ > scheduler.Now()) scheduler.RunFor(still_until_ - scheduler.Now());
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
//
// Random schedules of three replicas against one server: lines that break, lose or repeat what is
// sent, processes that are stopped in any place and start anew, wall clocks that jump, monotonic
// clocks that start anywhere and run at speeds of their own, a Lease that people relabel, free and
// delete. At no instant two lead, and in quiet times soon one does.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "operator/kube/leader/leader_elector.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/operator/kube/leader/fake_leases.h"

namespace telltale {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const std::string kPath =
    "/apis/coordination.k8s.io/v1/namespaces/telltale/leases/telltale-operator";

// True time in milliseconds; a replica's clock is a line of its own through it.
class SkewedClock final : public Clock {
 public:
  SkewedClock(const std::int64_t& now_ms, double speed, std::int64_t start)
      : now_ms_(now_ms), speed_(speed), start_(start) {}
  std::int64_t WallNanos() const override { return wall_offset + now_ms_ * 1'000'000; }
  SteadyTime Steady() const override {
    const double ms = static_cast<double>(now_ms_) * speed_;
    return SteadyTime(nanoseconds(start_ + static_cast<std::int64_t>(ms * 1e6)));
  }
  std::int64_t wall_offset = FakeClock::kStartNanos;

 private:
  const std::int64_t& now_ms_;
  const double speed_;
  const std::int64_t start_;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    for (auto& replica : replicas_) replica = Start();
  }

  void Run(std::int64_t until_ms, bool faults) {
    for (; now_ms_ < until_ms; ++now_ms_) {
      if (faults && Chance(3'000)) Disturb();
      for (auto& replica : replicas_) {
        if (replica->next_ms <= now_ms_ && replica->stopped_until <= now_ms_) StepOf(*replica);
      }
      Check();
    }
  }
  void Calm() {
    for (auto& replica : replicas_) {
      replica->line.down = replica->line.lose_answers = replica->line.twice = false;
      replica->stopped_until = 0;
    }
    faults_ = false;
  }
  int Leaders() const {
    return static_cast<int>(std::count_if(replicas_.begin(), replicas_.end(),
                                          [](const auto& r) { return r->elector.IsLeader(); }));
  }
  bool overlapped() const { return overlapped_; }
  int terms() const { return terms_; }

 private:
  struct Replica {
    Replica(FakeLeases& server, const std::string& identity, SkewedClock c,
            std::function<std::uint64_t()> random)
        : clock(c),
          line(server),
          api(line, {}, clock),
          elector({.ns = "telltale", .identity = identity}, api, registry, clock, random) {}
    SkewedClock clock;
    Registry registry;
    FakeLine line;
    Api api;
    LeaderElector elector;
    std::int64_t next_ms = 0;
    std::int64_t stopped_until = 0;
  };

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }
  bool Chance(std::uint64_t one_in) { return Below(one_in) == 0; }

  std::unique_ptr<Replica> Start() {
    const double speed = 0.9 + static_cast<double>(Below(200)) / 1'000;  // +-10 %
    const auto start = static_cast<std::int64_t>(Below(1'000'000)) * 1'000'000'000;
    auto made =
        std::make_unique<Replica>(server_, "r_" + std::to_string(++born_),
                                  SkewedClock(now_ms_, speed, start), [this] { return random_(); });
    made->elector.OnStarted([this] { ++terms_; });
    made->line.before = made->line.after = [this](const ApiRequest&) { Latency(); };
    made->next_ms = now_ms_ + static_cast<std::int64_t>(Below(5'000));
    return made;
  }
  // A request takes its time, in which the others live on: as long as a request may take, or
  // longer, when the process is stopped in it.
  void Latency() {
    if (!faults_ || deep_ > 1) return;
    ++deep_;
    const std::uint64_t longest = Chance(30) ? 30'000 : Chance(5) ? 5'000 : 200;
    const std::int64_t until = now_ms_ + static_cast<std::int64_t>(Below(longest));
    for (; now_ms_ < until; ++now_ms_) {
      for (auto& replica : replicas_) {
        if (replica->next_ms <= now_ms_ && replica->stopped_until <= now_ms_) StepOf(*replica);
      }
      Check();
    }
    --deep_;
  }
  void StepOf(Replica& replica) {
    replica.next_ms = INT64_MAX;  // not again while it is in it
    const milliseconds wait = replica.elector.Step();
    const double late = faults_ ? 1 + static_cast<double>(Below(100)) / 100 : 1;
    replica.next_ms =
        now_ms_ + static_cast<std::int64_t>(static_cast<double>(wait.count()) * late) + 1;
  }
  void Disturb() {
    auto& replica = replicas_[Below(replicas_.size())];
    switch (Below(9)) {
      case 0:
        replica->line.down = !replica->line.down;
        return;
      case 1:
        replica->line.lose_answers = !replica->line.lose_answers;
        return;
      case 2:
        replica->line.twice = !replica->line.twice;
        return;
      case 3:
        replica->stopped_until = now_ms_ + static_cast<std::int64_t>(Below(40'000));
        return;
      case 4:  // SIGKILL and another process; only between two steps, as those are on our stack
        if (replica->next_ms != INT64_MAX) replica = Start();
        return;
      case 5:
        if (replica->next_ms != INT64_MAX) {
          replica->next_ms = INT64_MAX;
          replica->elector.Release();
          replica = Start();
        }
        return;
      case 6:
        replica->clock.wall_offset +=
            static_cast<std::int64_t>(Below(200'000)) * 1'000'000'000 - 100'000'000'000'000;
        return;
      case 7:
        if (server_.Has(kPath)) server_.SetMetadata(kPath, "labels", R"({"touched":"yes"})");
        return;
      default:  // everything works again
        replica->line.down = replica->line.lose_answers = replica->line.twice = false;
        replica->stopped_until = 0;
    }
  }
  void Check() {
    if (Leaders() > 1) overlapped_ = true;
  }

  std::mt19937_64 random_;
  std::int64_t now_ms_ = 0;
  bool faults_ = true;
  int deep_ = 0;
  int born_ = 0;
  int terms_ = 0;
  bool overlapped_ = false;
  FakeLeases server_;
  std::array<std::unique_ptr<Replica>, 3> replicas_;
};

TEST(LeaderProperty, NeverDoTwoLeadAndSoonOneDoes) {
  int terms = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    World world(seed);
    world.Run(600'000, true);
    ASSERT_FALSE(world.overlapped()) << "seed " << seed;
    world.Calm();
    world.Run(700'000, false);
    ASSERT_FALSE(world.overlapped()) << "seed " << seed;
    ASSERT_EQ(world.Leaders(), 1) << "seed " << seed;
    terms += world.terms();
  }
  EXPECT_GT(terms, 300) << "the schedules are too quiet to prove anything";
}

}  // namespace
}  // namespace telltale

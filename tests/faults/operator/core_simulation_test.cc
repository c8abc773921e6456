// SPDX-License-Identifier: Apache-2.0
//
// The operator's core, one replica or two, through the faults of a plan in simulated time. In the
// end the served list and everything written are those of a fresh core that met no fault; no list
// on the way lacks what never changed or has what never was; the server is not stormed; then there
// is rest. How to repeat a seed: README.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/faults/operator/core_process.h"
#include "tests/faults/operator/outputs.h"
#include "tests/faults/operator/request_rules.h"
#include "tests/faults/operator/seed_name.h"
#include "tests/faults/operator/stage.h"
#include "tests/faults/operator/undisturbed.h"
#include "tests/faults/seeds.h"

namespace telltale::faults {
namespace {

using std::chrono::seconds;

class CoreFaults : public testing::TestWithParam<std::uint64_t> {
 protected:
  explicit CoreFaults(std::uint64_t seed = GetParam()) : seed_(seed) {}
  static void SetUpTestSuite() { QuietLog(); }

  void SetUp() override {
    for (int i = 0; i < stage_.plan.replicas(); ++i) StartProcess();
  }
  void TearDown() override {
    processes_.clear();
    if (!HasFailure()) return;
    std::printf("theme %s; repeat with: TELLTALE_FAULT_SEEDS=%llu bin/fault_core_test\n",
                std::string(ThemeName(stage_.plan.theme())).c_str(),
                static_cast<unsigned long long>(seed_));
  }

  void StartProcess() {
    CoreProcess::Options options;
    options.id = static_cast<int>(processes_.size());
    options.seed = seed_;
    options.elect = elect_;
    options.older = stage_.plan.theme() == Theme::kTwoVersions && options.id == 0;
    if (crashes_ > 0) {
      --crashes_;
      options.die_after_writes = stage_.plan.crash_after_writes();
      options.die_before_applied = stage_.plan.crash_before_applied();
      options.died = [this] {
        stage_.scheduler.After(Stage::Millis(stage_.random.Between(200, 25'000)),
                               [this] { StartProcess(); });
      };
    }
    const int id = options.id;
    options.published = [this, id](const std::string& list) { OnPublished(id, list); };
    processes_.push_back(
        std::make_unique<CoreProcess>(stage_.server, stage_.clock, std::move(options)));
  }

  std::vector<CoreProcess*> Alive() {
    std::vector<CoreProcess*> alive;
    for (const auto& process : processes_) {
      if (process->alive()) alive.push_back(process.get());
    }
    return alive;
  }

  // The leader stops for a while, in the middle of whatever it does.
  void FreezeLeader() {
    for (CoreProcess* process : Alive()) {
      if (!process->core().IsLeader()) continue;
      const int id = process->id();
      freezes_.push_back({id, stage_.scheduler.Now()});
      stage_.scheduler.Freeze(id, true);
      stage_.scheduler.After(seconds(stage_.plan.freeze_seconds()),
                             [this, id] { stage_.scheduler.Freeze(id, false); });
      return;
    }
  }

  // The replica of the older release goes, and one of the newer comes.
  void Replace() {
    processes_.front()->Kill();
    StartProcess();
  }

  // Of one key that is refused again and again: only its own output is not what it should be, and
  // it is tried rarely.
  void ExpectOnlyTheRefusedIsMissing() {
    stage_.scheduler.RunFor(kSettled);
    const std::size_t first = stage_.server.log().size();
    stage_.scheduler.RunFor(kSettled);
    const End end = WithoutFaults(stage_.cluster, seed_);
    Outputs got = ReadOutputs(stage_.cluster), wanted = end.outputs;
    for (CoreProcess* process : Alive()) EXPECT_EQ(process->Served(), end.list);
    if (stage_.plan.theme() == Theme::kKeyRefused) {
      got.erase("status rock/rock");
      wanted.erase("status rock/rock");
    } else {
      EXPECT_FALSE(got.contains("configmap rock/telltale-sidecar"));
      EXPECT_NE(got["status rock/rock"].find("ConfigNotWritten"), std::string::npos)
          << got["status rock/rock"];
      std::erase_if(wanted, [&](const auto& one) {
        const auto found = got.find(one.first);
        if (one.first.starts_with("configmap")) return found == got.end();
        return found != got.end() && found->second.find("ConfigNotWritten") != std::string::npos;
      });
      std::erase_if(got, [&](const auto& one) { return !wanted.contains(one.first); });
    }
    EXPECT_EQ(Difference(got, wanted), "");
    std::map<std::string, int> tries;
    for (std::size_t i = first; i < stage_.server.log().size(); ++i) {
      const Seen& seen = stage_.server.log()[i];
      if (seen.kind == Seen::Kind::kWrite && seen.fault == Fault::Kind::kStatus) ++tries[seen.path];
    }
    for (const auto& [path, count] : tries) {
      EXPECT_LE(count, kSettled / seconds(30) + 2) << path << " was tried again and again";
      EXPECT_GT(count, 0);
    }
    EXPECT_FALSE(tries.empty()) << "what is refused was given up";
  }

  void OnPublished(int process, const std::string& list) {
    ++published_;
    auto parsed = ParseJsonTree(list);
    ASSERT_TRUE(parsed.ok()) << list;
    std::size_t rocks = 0;
    for (const Json& group : parsed->items) {
      const Json* labels = group.Find("labels");
      ASSERT_NE(labels, nullptr);
      const std::string uid(labels->StringOf("__meta_telltale_pod_uid"));
      const std::string address = group.Find("targets")->items.at(0).text;
      const std::string* ip = stage_.world.AddressOf(uid);
      ASSERT_NE(ip, nullptr) << "process " << process << " published a pod that never was: " << uid;
      EXPECT_TRUE(address.starts_with(*ip + ":")) << uid << " never was at " << address;
      rocks += labels->StringOf("job") == "rock/rock" ? 1U : 0U;
    }
    EXPECT_EQ(rocks, World::kRockTargets) << "process " << process << " published a partial list:\n"
                                          << list;
  }

  bool Agrees(const End& wanted) {
    why_.clear();
    const auto alive = Alive();
    if (alive.size() < static_cast<std::size_t>(stage_.plan.replicas())) why_ = "a replica is away";
    for (CoreProcess* process : alive) {
      if (const std::string list = process->Served(); list != wanted.list) {
        why_ = "process " + std::to_string(process->id()) + " serves\n" + list + "\nwanted:\n" +
               wanted.list;
      }
    }
    if (why_.empty()) why_ = Difference(ReadOutputs(stage_.cluster), wanted.outputs);
    return why_.empty();
  }

  // A write of a process that no longer holds the lease was under way when that process was
  // stopped. After a restored backup the lease names whoever held it then.
  void ExpectOneWriter() {
    for (const Seen& seen : stage_.server.log()) {
      // Begun before the renew deadline (10 s), it has ended when the lease (15 s) runs out.
      if (seen.kind != Seen::Kind::kWrite) continue;
      EXPECT_LE(seen.timeout, seconds(5)) << seen.path;
    }
    if (!elect_ || stage_.plan.restores() > 0) return;
    for (const Seen& seen : stage_.server.log()) {
      const std::string identity = "operator-" + std::to_string(seen.process);
      if (seen.kind != Seen::Kind::kWrite || seen.holder.empty() || seen.holder == identity) {
        continue;
      }
      const bool under_way = std::any_of(freezes_.begin(), freezes_.end(), [&](const auto& freeze) {
        return freeze.process == seen.process && seen.time <= freeze.from &&
               freeze.from - seen.time < seconds(1);
      });
      EXPECT_TRUE(under_way) << identity << " wrote " << seen.path << " while " << seen.holder
                             << " held the lease";
    }
  }

  // What is always wanted is never taken away, not even to be made again.
  void ExpectNothingTakenAway() {
    for (const Seen& seen : stage_.server.log()) {
      EXPECT_FALSE(seen.method == "DELETE" &&
                   seen.path.find("/namespaces/rock/") != std::string::npos)
          << "process " << seen.process << " deleted " << seen.path;
    }
  }

  void RunPlan();

  // Longer than the longest wait between two tries.
  static constexpr seconds kSettled{120};

  struct Freeze {
    int process;
    SteadyTime from;
  };
  const std::uint64_t seed_;
  Stage stage_{seed_, /*writers=*/true};
  bool elect_ = stage_.plan.replicas() > 1 || seed_ % 3 == 0;
  int crashes_ = stage_.plan.crash_after_writes() > 0 ? 3 : 0;
  int published_ = 0;
  std::vector<Freeze> freezes_;
  std::string why_;
  std::vector<std::unique_ptr<CoreProcess>> processes_;
};

void CoreFaults::RunPlan() {
  const bool lasting = stage_.plan.lasting() != FaultPlan::Lasting::kNothing;
  if (!lasting &&
      stage_.random.Chance(0.7)) {  // else the faults are there from the first request on
    stage_.scheduler.RunFor(seconds(20));
    EXPECT_TRUE(published_ > 0 || stage_.plan.crash_after_writes() > 0);
  }
  if (stage_.plan.freeze_seconds() > 0) {
    for (int i = 0; i < 2; ++i) {
      stage_.scheduler.After(seconds(stage_.random.Between(1, 60)), [this] { FreezeLeader(); });
    }
  }
  if (stage_.plan.theme() == Theme::kTwoVersions) {
    stage_.scheduler.After(seconds(stage_.random.Between(1, 60)), [this] { Replace(); });
  }
  stage_.Disturb([&] {
    if (lasting) ExpectOnlyTheRefusedIsMissing();
  });

  // The longest freeze, the longest silence of a dead stream, the longest wait between tries.
  const End wanted = WithoutFaults(stage_.cluster, seed_);
  ASSERT_NE(wanted.list, "");
  ASSERT_FALSE(wanted.outputs.empty());
  EXPECT_TRUE(stage_.scheduler.RunUntil([&] { return Agrees(wanted); }, seconds(1200))) << why_;

  // And it stays so, at rest: when the last dead stream and the last wait are over.
  stage_.scheduler.RunFor(seconds(300));
  EXPECT_TRUE(Agrees(wanted)) << why_;
  const std::size_t before = stage_.server.log().size();
  stage_.scheduler.RunFor(seconds(600));
  EXPECT_TRUE(Agrees(wanted)) << why_;
  ExpectCalm(stage_.server.log(), before, seconds(600));
  ExpectNoStorm(stage_.server.log(), stage_.plan.restores());
  ExpectOneWriter();
  ExpectNothingTakenAway();
}

TEST_P(CoreFaults, EndAsIfTheyHadNotBeen) { RunPlan(); }

// Six of each theme.
INSTANTIATE_TEST_SUITE_P(Seeds, CoreFaults, testing::ValuesIn(SeedsOr(1, 186)), SeedName);

// Three of each theme that are new each day. Their names do not say the seeds, because ctest knows
// the tests by the names of the day on which it looked.
class FreshCoreFaults : public CoreFaults {
 protected:
  FreshCoreFaults() : CoreFaults(SeedsOfTheDay(GetParam(), 1).at(0)) {}
};

TEST_P(FreshCoreFaults, OfTheDateEndAsIfTheyHadNotBeen) { RunPlan(); }

std::uint64_t HowManyFresh() { return SeedsOfTheDay(0, 1).empty() ? 0 : 93; }
INSTANTIATE_TEST_SUITE_P(Seeds, FreshCoreFaults, testing::Range<std::uint64_t>(0, HowManyFresh()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FreshCoreFaults);

}  // namespace
}  // namespace telltale::faults

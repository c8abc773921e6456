// SPDX-License-Identifier: Apache-2.0
//
// telltale-operator as it is shipped, as a process, against the fake API server over TLS: killed
// with SIGKILL at every k-th write, stopped beyond its lease, with broken connections. Whatever
// happened, what it wrote and what it serves become what one undisturbed process made of the same
// world. TELLTALE_BIN says where the program is; how to repeat a seed: README.md.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/fakes/kube/server/fake_api_server.h"
#include "tests/faults/operator/operator_process.h"
#include "tests/faults/operator/outputs.h"
#include "tests/faults/operator/world.h"
#include "tests/faults/seeds.h"

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;

enum class Kill { kBefore, kAfter };

// A cluster with a world in it, and a server for it.
class Scene {
 public:
  explicit Scene(std::uint64_t seed, bool tls = true)
      : world(cluster, seed), random(seed, "scene") {
    world.Create();
    FakeApiServerOptions options;
    if (tls) options.tls = Certificates().server;
    server = std::make_unique<FakeApiServer>(options, cluster);
    EXPECT_TRUE(server->Start().ok());
    kubeconfig = testing::TempDir() + "telltale-faults-" + std::to_string(::getpid()) + ".yaml";
    std::ofstream(kubeconfig) << FakeKubeconfig(
        server->url(), tls ? Certificates().authority.certificate : "", "");
  }
  ~Scene() { std::remove(kubeconfig.c_str()); }

  static const FakeServerCertificates& Certificates() {
    static const FakeServerCertificates made = [] {
      auto result = MakeFakeServerCertificates();
      EXPECT_TRUE(result.ok());
      return *result;
    }();
    return made;
  }

  std::vector<std::string> Flags(bool leader_elect) const {
    std::vector<std::string> flags = {"--kubeconfig=" + kubeconfig,  "--namespace=telltale",
                                      "--http-listen=127.0.0.1:0",   "--webhook-listen=off",
                                      "--loki-url=http://loki:3100", "--log-level=info"};
    if (leader_elect) {
      for (const char* flag : {"--leader-elect", "--lease-duration=2s", "--renew-deadline=1s",
                               "--retry-period=200ms"}) {
        flags.emplace_back(flag);
      }
    }
    return flags;
  }

  FakeCluster cluster{FakeClusterOptions{}, RealClock()};
  World world;
  Seeded random;
  std::unique_ptr<FakeApiServer> server;
  std::string kubeconfig;
};

constexpr int kChanges = 12;

// What one process makes of a world when nothing goes wrong.
struct Wanted {
  Outputs outputs;
  std::string list;
  int writes = 0;
};

const Wanted& WantedOf(std::uint64_t world_seed) {
  static std::map<std::uint64_t, Wanted> known;
  auto [at, made] = known.try_emplace(world_seed);
  if (!made) return at->second;
  Scene scene(world_seed);
  for (int i = 0; i < kChanges; ++i) scene.world.Change();
  OperatorProcess process(scene.Flags(false));
  EXPECT_TRUE(process.WaitReady());
  // Quiet: for a second nothing was written and the list stayed.
  auto quiet_since = std::chrono::steady_clock::now();
  std::size_t writes = 0;
  for (int i = 0; i < 400; ++i) {
    const std::size_t now = scene.cluster.Writes().size();
    const std::string list = process.Targets();
    if (now != writes || list != at->second.list) quiet_since = std::chrono::steady_clock::now();
    writes = now;
    at->second.list = list;
    if (std::chrono::steady_clock::now() - quiet_since > milliseconds(1200)) break;
    std::this_thread::sleep_for(milliseconds(20));
  }
  at->second.outputs = ReadOutputs(scene.cluster);
  at->second.writes = static_cast<int>(writes);
  EXPECT_NE(at->second.list, "") << process.Log();
  EXPECT_FALSE(at->second.outputs.empty()) << process.Log();
  return at->second;
}

bool IsCounted(const FakeRequest& request) {
  return request.method != "GET" && request.target.find("/leases") == std::string::npos &&
         request.target.find("/events") == std::string::npos;
}

// Waits until the API holds and every process serves what is wanted.
void ExpectBecomes(Scene& scene, const Wanted& wanted, std::vector<OperatorProcess*> processes) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(45);
  std::string why;
  do {
    why = Difference(ReadOutputs(scene.cluster), wanted.outputs);
    for (OperatorProcess* process : processes) {
      if (!why.empty()) break;
      const std::string list = process->Targets();
      if (list != wanted.list) why = "the served list is\n" + list + "\nwanted:\n" + wanted.list;
    }
    if (why.empty()) return;
    std::this_thread::sleep_for(milliseconds(20));
  } while (std::chrono::steady_clock::now() < deadline);
  ADD_FAILURE() << why << "\nlog:\n" << processes.front()->Log();
}

class ProcessFaults : public testing::TestWithParam<std::uint64_t> {
 protected:
  static void SetUpTestSuite() {
    QuietLog();
    ASSERT_NE(OperatorProcess::Program(), "") << "set TELLTALE_BIN to the folder of the programs";
  }
  void TearDown() override {
    if (!HasFailure()) return;
    std::printf(
        "repeat with: TELLTALE_FAULT_SEEDS=%llu bin/fault_process_test --gtest_filter=*%s*\n",
        static_cast<unsigned long long>(GetParam()),
        testing::UnitTest::GetInstance()->current_test_info()->name());
  }
};

// ---------------------------------------------------------------------------------------------

class KilledAtAWrite : public ProcessFaults {};

// Seed: (world, k, before or after), mixed-radix; the process dies at its k-th write, three times.
TEST_P(KilledAtAWrite, IsMadeGoodByTheNextProcess) {
  const std::uint64_t seed = GetParam();
  const Kill kill = seed % 2 == 0 ? Kill::kBefore : Kill::kAfter;
  const int k = 1 + static_cast<int>(seed / 2 % 12);
  const std::uint64_t world_seed = 1 + seed / 24;
  const Wanted& wanted = WantedOf(world_seed);

  Scene scene(world_seed);
  int left = kChanges;
  std::atomic<int> writes{0};
  std::atomic<bool> dying{false};
  const bool leader_elect = seed % 5 == 0;
  scene.server->SetHook([&](const FakeRequest& request) {
    FakeFault fault;
    if (dying) {
      fault.cut_before = true;  // sent by a process that is as good as dead
    } else if (IsCounted(request) && ++writes == k) {
      dying = true;
      (kill == Kill::kBefore ? fault.hold_before : fault.hold_after) = true;
    }
    return fault;
  });
  for (int life = 0; life < 3; ++life) {
    writes = 0;
    dying = false;
    OperatorProcess process(scene.Flags(leader_elect));
    ASSERT_TRUE(process.WaitReady()) << process.Log();
    for (int i = 0; i < 4; ++i, --left) scene.world.Change();
    // Until it dies, or has nothing more to write than that.
    const auto limit = std::chrono::steady_clock::now() + milliseconds(leader_elect ? 3500 : 1200);
    auto quiet_since = std::chrono::steady_clock::now();
    for (int seen = 0; !dying && std::chrono::steady_clock::now() < limit;) {
      std::this_thread::sleep_for(milliseconds(2));
      const auto now = std::chrono::steady_clock::now();
      if (const int count = writes; count != seen) {
        seen = count;
        quiet_since = now;
      }
      if (seen > 0 && now - quiet_since > milliseconds(400)) break;
    }
    process.Signal(SIGKILL);
    process.Wait();
    scene.server->Release();
  }
  scene.server->SetHook({});
  while (left-- > 0) scene.world.Change();
  OperatorProcess process(scene.Flags(leader_elect));
  ExpectBecomes(scene, wanted, {&process});
}

INSTANTIATE_TEST_SUITE_P(Seeds, KilledAtAWrite, testing::ValuesIn(SeedsOr(0, 48)));

// ---------------------------------------------------------------------------------------------

class TwoProcesses : public ProcessFaults {};

// One leads; it is stopped beyond its lease and wakes up, or is killed. No write is lost or undone.
TEST_P(TwoProcesses, HaveOneWriterInTheEnd) {
  const std::uint64_t seed = GetParam();
  const Wanted& wanted = WantedOf(1 + seed % 3);
  Scene scene(1 + seed % 3);
  OperatorProcess first(scene.Flags(true)), second(scene.Flags(true));
  ASSERT_TRUE(first.WaitReady()) << first.Log();
  ASSERT_TRUE(second.WaitReady()) << second.Log();
  for (int i = 0; i < kChanges / 3; ++i) scene.world.Change();
  const auto leader = [&]() -> OperatorProcess* {
    for (OperatorProcess* one : {&first, &second}) {
      if (one->Metric("leader_election_master_status") == 1) return one;
    }
    return nullptr;
  };
  OperatorProcess* led = nullptr;
  for (int i = 0; i < 500 && (led = leader()) == nullptr; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  ASSERT_NE(led, nullptr) << first.Log();
  OperatorProcess& other = led == &first ? second : first;
  if (seed % 3 == 2) {
    led->Signal(SIGKILL);
    led->Wait();
    for (int i = 0; i < 2 * kChanges / 3; ++i) scene.world.Change();
    ExpectBecomes(scene, wanted, {&other});
    return;
  }
  led->Signal(SIGSTOP);
  for (int i = 0; i < kChanges / 3; ++i) scene.world.Change();
  // Beyond the lease, or not: both must end well.
  std::this_thread::sleep_for(milliseconds(scene.random.Between(300, 3800)));
  led->Signal(SIGCONT);
  for (int i = 0; i < kChanges / 3; ++i) scene.world.Change();
  ExpectBecomes(scene, wanted, {&first, &second});
}

INSTANTIATE_TEST_SUITE_P(Seeds, TwoProcesses, testing::ValuesIn(SeedsOr(0, 9)));

// ---------------------------------------------------------------------------------------------

class BrokenConnections : public ProcessFaults {};

TEST_P(BrokenConnections, AreMadeGood) {
  const std::uint64_t seed = GetParam();
  const Wanted& wanted = WantedOf(1 + seed % 3);
  Scene scene(1 + seed % 3);
  OperatorProcess process(scene.Flags(false));
  ASSERT_TRUE(process.WaitReady()) << process.Log();
  auto dice = std::make_shared<Seeded>(seed, "connections");
  scene.server->SetHook([dice](const FakeRequest& request) {
    FakeFault fault;
    if (!dice->Chance(0.6)) return fault;
    switch (dice->Below(request.watch ? 7 : 4)) {
      case 0:
        fault.status = dice->Chance(0.5) ? 500 : 429;
        fault.retry_after_seconds = fault.status == 429 ? 1 : 0;
        break;
      case 1:
        fault.cut_before = true;
        break;
      case 2:
        fault.cut_after = true;
        break;
      case 3:
        fault.cut_after_bytes = dice->Below(3000);
        fault.reset = dice->Chance(0.5);
        break;
      case 4:
        fault.status = 410;
        break;
      case 5:
        fault.insertions.push_back(
            {dice->Below(10), dice->Chance(0.5)
                                  ? GarbageLine()
                                  : ErrorEventLine(410, "Expired", "too old resource version")});
        break;
      default:
        fault.insertions.push_back({dice->Below(10), UnknownEventLine()});
        fault.drip_bytes_per_second = 20'000;
    }
    return fault;
  });
  for (int i = 0; i < kChanges; ++i) {
    scene.world.Change();
    if (dice->Chance(0.4)) scene.server->CutAll(dice->Chance(0.5));
    if (dice->Chance(0.1)) scene.cluster.Compact();
    std::this_thread::sleep_for(milliseconds(dice->Between(0, 60)));
    EXPECT_NE(process.Targets(), "") << "there is no list any more";
  }
  scene.server->SetHook({});
  scene.server->CutAll();
  ExpectBecomes(scene, wanted, {&process});
}

INSTANTIATE_TEST_SUITE_P(Seeds, BrokenConnections, testing::ValuesIn(SeedsOr(0, 9)));

}  // namespace
}  // namespace telltale::faults

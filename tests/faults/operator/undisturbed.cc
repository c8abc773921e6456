// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/undisturbed.h"

#include "tests/faults/operator/core_process.h"

namespace telltale::faults {

End WithoutFaults(const FakeCluster& world, std::uint64_t seed) {
  FakeClock clock;
  clock.Advance(std::chrono::hours(24));  // no pod is too young for its status to count
  Scheduler scheduler(clock, seed);
  FakeClusterOptions options;
  options.log_reads = false;
  FakeCluster cluster(options, clock);
  CopyWorld(world, cluster);
  SimServer server(scheduler, cluster, nullptr, seed);
  CoreProcess process(server, clock, {.id = 0, .seed = seed});
  scheduler.RunFor(std::chrono::seconds(60));
  return {process.Served(), ReadOutputs(cluster)};
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
//
// FakeLoki as a process: says "http_port=N" (or the whole URL with TLS), and runs until its input
// ends. What it stored is read back as from Loki, by /loki/api/v1/query_range.
//   fake_loki --limits --max-line=1024 --seed=7 --faults=30 --broken-connections=5
#include <cstdio>
#include <string>

#include "common/base/flags.h"
#include "tests/fakes/fake_loki.h"

namespace telltale {
namespace {

struct ToolFlags {
  bool tls = false, tenants = false, limits = false, loki22 = false;
  int head_block = 256 << 10, delay = 0;
  int max_line = 256 << 10, seed = 0, percent = 0, broken = 0, rate = 4 << 20, burst = 6 << 20,
      stream_rate = 3 << 20, stream_burst = 15 << 20, max_streams = 5'000;
  std::string authorization;
};

Status ParseFlags(int argc, char** argv, ToolFlags& out) {
  Flags flags("fake_loki", "A Loki that misbehaves as told.");
  flags.Add("tls", &out.tls, "https on localhost");
  flags.Add("tenants", &out.tenants, "401 without a tenant");
  flags.Add("limits", &out.limits, "refuses what Loki's limits refuse");
  flags.Add("loki22", &out.loki22, "the rules of Loki 2.2.1 instead of Loki 3");
  flags.Add("head-block", &out.head_block, "BYTES",
            "within which repeats are dropped; 0: for ever");
  flags.Add("delay", &out.delay, "MILLISECONDS", "before each answer");
  flags.Add("max-line", &out.max_line, "BYTES", "of a line");
  flags.Add("rate", &out.rate, "BYTES", "a second of a tenant");
  flags.Add("burst", &out.burst, "BYTES", "of a tenant at once");
  flags.Add("stream-rate", &out.stream_rate, "BYTES", "a second of a stream");
  flags.Add("stream-burst", &out.stream_burst, "BYTES", "of a stream at once");
  flags.Add("max-streams", &out.max_streams, "N", "streams");
  flags.Add("seed", &out.seed, "N", "of misbehaviour");
  flags.Add("faults", &out.percent, "PERCENT", "of the pushes that are answered badly");
  flags.Add("broken-connections", &out.broken, "PERCENT", "of the connections that are cut");
  flags.Add("authorization", &out.authorization, "VALUE", "the only one that is not answered 401");
  return flags.Parse(argc, argv);
}

int Run(const ToolFlags& flags) {
  FakeLoki::Options options;
  options.tls = flags.tls;
  options.tenants = flags.tenants;
  options.delay = std::chrono::milliseconds(flags.delay);
  options.limits.v22 = flags.loki22;
  if (flags.limits) {
    options.limits = flags.loki22 ? LokiLimits::Of22() : LokiLimits();
    options.limits.max_line = static_cast<std::size_t>(flags.max_line);
    options.limits.max_streams = static_cast<std::size_t>(flags.max_streams);
    options.limits.rate = flags.rate;
    options.limits.burst = flags.burst;
    if (!flags.loki22) {
      options.limits.stream_rate = flags.stream_rate;
      options.limits.stream_burst = flags.stream_burst;
    }
  }
  options.limits.head_block = static_cast<std::size_t>(flags.head_block);
  FakeLoki loki(options);
  loki.KeepNoPushes();
  loki.ExpectAuthorization(flags.authorization);
  if (flags.percent > 0 || flags.broken > 0) {
    LokiFaults faults;
    faults.seed = static_cast<std::uint64_t>(flags.seed);
    faults.share = flags.percent / 100.0;
    faults.broken_connections = flags.broken;
    loki.Misbehave(faults);
  }
  const std::string url = loki.url();
  std::printf("url=%s http_port=%s\n", url.c_str(), url.substr(url.rfind(':') + 1).c_str());
  if (flags.tls) std::printf("%s", loki.ca_pem().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  telltale::ToolFlags flags;
  if (auto parsed = telltale::ParseFlags(argc, argv, flags); !parsed.ok()) {
    std::fprintf(stderr, "%s\n", parsed.error().message.c_str());
    return 1;
  }
  return telltale::Run(flags);
}

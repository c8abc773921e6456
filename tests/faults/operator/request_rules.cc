// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/request_rules.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace telltale::faults {
namespace {

constexpr std::size_t kBurst = 14;
constexpr std::chrono::seconds kMinute{60};

bool IsRead(const Seen& seen) {
  return seen.kind == Seen::Kind::kList || seen.kind == Seen::Kind::kWatchList ||
         seen.kind == Seen::Kind::kWatch;
}

bool IsWholeList(const Seen& seen) {
  return (seen.kind == Seen::Kind::kList && seen.first_page && !seen.probe) ||
         seen.kind == Seen::Kind::kWatchList;
}

// ReplicaSets, and events, of a resource without pods are listed at most ten times a second and
// rarer and rarer (refused_pods_test).
bool OfRefusals(const Seen& seen) {
  return seen.path.find("/replicasets") != std::string::npos ||
         seen.path.find("/events") != std::string::npos;
}

bool OfUse(const Seen& seen) {
  return seen.lines > 0 || seen.ended - seen.time >= std::chrono::seconds(1) ||
         (seen.kind == Seen::Kind::kList && seen.status == 200);
}

using Reader = std::pair<int, std::string>;  // process and collection

std::map<Reader, std::vector<const Seen*>> ByReader(const std::vector<Seen>& log) {
  std::map<Reader, std::vector<const Seen*>> readers;
  for (const Seen& seen : log) {
    if (IsRead(seen) && !OfRefusals(seen)) readers[{seen.process, seen.path}].push_back(&seen);
  }
  return readers;
}

}  // namespace

void ExpectNoStorm(const std::vector<Seen>& log, int restores) {
  for (const auto& [reader, requests] : ByReader(log)) {
    std::size_t first = 0, useful = 0, lists = 0, reasons = 1 + static_cast<std::size_t>(restores);
    for (const Seen* seen : requests) {
      lists += IsWholeList(*seen) ? 1U : 0U;
      reasons += seen->relist ? 1U : 0U;
    }
    EXPECT_LE(lists, reasons) << reader.second << " of process " << reader.first
                              << " was listed more often than there were reasons";
    for (std::size_t last = 0; last < requests.size(); ++last) {
      useful += OfUse(*requests[last]) ? 1U : 0U;
      for (; requests[last]->time - requests[first]->time > kMinute; ++first) {
        useful -= OfUse(*requests[first]) ? 1U : 0U;
      }
      const std::size_t count = last - first + 1;
      if (count <= kBurst + 2 * useful) continue;
      ADD_FAILURE() << "a storm: " << count << " requests for " << reader.second << " by process "
                    << reader.first << " in a minute, " << useful << " of them of use";
      break;
    }
  }
}

void ExpectCalm(const std::vector<Seen>& log, std::size_t first, std::chrono::seconds rest) {
  std::map<Reader, std::size_t> watches;
  for (std::size_t i = first; i < log.size(); ++i) {
    const Seen& seen = log[i];
    if (seen.kind == Seen::Kind::kWatch) ++watches[{seen.process, seen.path}];
    EXPECT_FALSE(!OfRefusals(seen) && IsWholeList(seen))
        << "at rest " << seen.path << " was listed";
    // Events are told again now and then when something flapped; that is bounded in their tests.
    const bool event = seen.path.find("/events") != std::string::npos;
    EXPECT_TRUE(event || seen.kind != Seen::Kind::kWrite)
        << "at rest " << seen.method << " " << seen.path;
  }
  // The shortest timeout that a watch asks for is 4 minutes.
  const auto most = static_cast<std::size_t>(rest.count() / 240 + 1);
  for (const auto& [reader, count] : watches) {
    EXPECT_LE(count, most) << "at rest " << reader.second << " was watched again and again";
  }
}

}  // namespace telltale::faults

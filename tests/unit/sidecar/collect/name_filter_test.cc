// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/name_filter.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(MatchesName, StarIsAnyRunAndQuestionMarkAnyOne) {
  for (const auto& [pattern, name] :
       {std::pair("eth0", "eth0"), std::pair("eth*", "eth0"), std::pair("*", ""),
        std::pair("veth????", "vethab12"), std::pair("/var/*", "/var/lib/a/b"),
        std::pair("*.merged*x", "a.merged.mergedx"), std::pair("a*b*c", "a1b2b3c"),
        std::pair("nginx: *", "nginx: worker process /x")}) {
    EXPECT_TRUE(MatchesName(pattern, name)) << pattern << " " << name;
  }
  for (const auto& [pattern, name] :
       {std::pair("eth", "eth0"), std::pair("eth?", "eth"), std::pair("", "a"),
        std::pair("*x", "xy"), std::pair("a*b", "ac"), std::pair("[ab]", "a")}) {
    EXPECT_FALSE(MatchesName(pattern, name)) << pattern << " " << name;
  }
}

TEST(MatchesName, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesName(pattern + "b", std::string(5'000, 'a')));
}

TEST(NameFilter, ExcludeWinsOverIncludeAndNothingMeansAll) {
  EXPECT_TRUE(Keeps({}, "lo"));
  EXPECT_FALSE(Keeps({{}, {"lo", "veth*"}}, "lo"));
  EXPECT_TRUE(Keeps({{}, {"lo", "veth*"}}, "eth0"));
  EXPECT_TRUE(Keeps({{"eth*"}, {"eth1"}}, "eth0"));
  EXPECT_FALSE(Keeps({{"eth*"}, {"eth1"}}, "eth1"));
  EXPECT_FALSE(Keeps({{"eth*"}, {}}, "lo"));
  EXPECT_FALSE(Includes({}, "lo"));
  EXPECT_TRUE(Includes({{"l?"}, {}}, "lo"));
}

}  // namespace
}  // namespace telltale

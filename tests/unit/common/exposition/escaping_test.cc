// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/escaping.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

std::string Metric(std::string_view name, Escaping escaping) {
  return EscapeName(name, NameKind::kMetric, escaping);
}

TEST(Escaping, FollowsTheSchemesOfPrometheus) {
  const std::string name = "mysystem.prod.west.cpu/l\xC3\xB6\xE7\x95\x8C_load:1";
  EXPECT_EQ(Metric(name, Escaping::kAllowUtf8), name);
  EXPECT_EQ(Metric(name, Escaping::kUnderscores), "mysystem_prod_west_cpu_l___load:1");
  EXPECT_EQ(Metric(name, Escaping::kDots), "mysystem_dot_prod_dot_west_dot_cpu__l______load:1");
  EXPECT_EQ(Metric(name, Escaping::kValues),
            "U__mysystem_2e_prod_2e_west_2e_cpu_2f_l_f6__754c___load:1");
  EXPECT_EQ(Metric("9\xF0\x9F\x98\x80", Escaping::kValues), "U___39__1f600_");
}

TEST(Escaping, LeavesClassicNamesAloneExceptWithDots) {
  for (const Escaping escaping :
       {Escaping::kUnderscores, Escaping::kAllowUtf8, Escaping::kValues}) {
    EXPECT_EQ(Metric("a_b:c1", escaping), "a_b:c1");
  }
  EXPECT_EQ(Metric("a_b:c1", Escaping::kDots), "a__b:c1");
}

TEST(Escaping, KnowsThatAColonIsForMetricsOnly) {
  EXPECT_TRUE(IsClassicName("a:b", NameKind::kMetric));
  EXPECT_FALSE(IsClassicName("a:b", NameKind::kLabel));
  EXPECT_EQ(EscapeName("a:b", NameKind::kLabel, Escaping::kUnderscores), "a_b");
  EXPECT_FALSE(IsClassicName("", NameKind::kLabel));
  EXPECT_FALSE(IsClassicName("1a", NameKind::kMetric));
}

TEST(Escaping, HasTheWordsOfAcceptHeaders) {
  for (const char* word : {"underscores", "allow-utf-8", "dots", "values"}) {
    ASSERT_TRUE(EscapingOf(word).has_value()) << word;
    EXPECT_EQ(EscapingWord(*EscapingOf(word)), word);
  }
  EXPECT_FALSE(EscapingOf("").has_value());
  EXPECT_FALSE(EscapingOf("Dots").has_value());
}

}  // namespace
}  // namespace telltale

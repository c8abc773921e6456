// SPDX-License-Identifier: Apache-2.0
#include "operator/model/quantity.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(ParseQuantity, ReadsEverySuffix) {
  EXPECT_DOUBLE_EQ(ParseQuantity("0").value(), 0);
  EXPECT_DOUBLE_EQ(ParseQuantity("250m").value(), 0.25);
  EXPECT_DOUBLE_EQ(ParseQuantity("0.5").value(), 0.5);
  EXPECT_DOUBLE_EQ(ParseQuantity("2").value(), 2);
  EXPECT_DOUBLE_EQ(ParseQuantity("64Mi").value(), 67108864);
  EXPECT_DOUBLE_EQ(ParseQuantity("1Gi").value(), 1073741824);
  EXPECT_DOUBLE_EQ(ParseQuantity("1k").value(), 1000);
  EXPECT_DOUBLE_EQ(ParseQuantity("1e3").value(), 1000);
  EXPECT_DOUBLE_EQ(ParseQuantity("1E+3").value(), 1000);
  EXPECT_DOUBLE_EQ(ParseQuantity("1E").value(), 1e18);
  EXPECT_DOUBLE_EQ(ParseQuantity("5e-1").value(), 0.5);
}

TEST(ParseQuantity, RefusesWhatTheApiServerRefuses) {
  for (const auto* bad : {"", "m", "1 Mi", "1mi", "1KiB", "-1", "1..2", ".", "1e", "1e99999999999",
                          "0x10", "nan", "inf", "1Mi "}) {
    EXPECT_FALSE(ParseQuantity(bad)) << bad;
  }
}

}  // namespace
}  // namespace telltale

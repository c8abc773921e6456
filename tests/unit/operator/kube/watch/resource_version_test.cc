// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/resource_version.h"

#include <gtest/gtest.h>

#include <string>

namespace telltale {
namespace {

TEST(ResourceVersion, IsOrderedAsANumberOfAnyLength) {
  const std::string ordered[] = {"1",
                                 "9",
                                 "10",
                                 "99",
                                 "100",
                                 "9223372036854775807",
                                 "9223372036854775808",
                                 "18446744073709551616",
                                 "340282366920938463463374607431768211455",
                                 "340282366920938463463374607431768211456"};
  for (const std::string& a : ordered) {
    for (const std::string& b : ordered) {
      EXPECT_EQ(CompareVersions(a, b), &a <=> &b) << a << " and " << b;
      EXPECT_EQ(IsOlderVersion(a, b), &a < &b) << a << " and " << b;
    }
  }
}

TEST(ResourceVersion, ThatIsNoNumberComparesWithNothing) {
  for (const char* odd : {"", "0", "01", "-1", "+1", " 1", "1 ", "1a", "a", "1.5", "\xD9\xA1"}) {
    EXPECT_FALSE(IsComparableVersion(odd)) << odd;
    for (const char* other : {"1", "2", odd}) {
      EXPECT_EQ(CompareVersions(odd, other), std::partial_ordering::unordered) << odd;
      EXPECT_FALSE(IsOlderVersion(odd, other)) << odd;
      EXPECT_FALSE(IsOlderVersion(other, odd)) << odd;
    }
  }
}

}  // namespace
}  // namespace telltale

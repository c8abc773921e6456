// SPDX-License-Identifier: Apache-2.0
#include "common/net/dns/host_lookup.h"

#include <gtest/gtest.h>

#include <chrono>

namespace telltale {
namespace {

SteadyTime In(std::chrono::seconds time) { return RealClock().Steady() + time; }

TEST(HostLookupTest, LiteralsAreTheirOwnAnswer) {
  for (const char* text : {"127.0.0.1", "::1", "fe80::1%lo"}) {
    const auto addresses = HostLookup::Start(text)->Wait(RealClock().Steady());
    ASSERT_TRUE(addresses.ok()) << text;
    EXPECT_EQ(*addresses, std::vector<std::string>{text});
  }
}

TEST(HostLookupTest, LocalhostHasALoopbackAddress) {
  const auto addresses = HostLookup::Start("localhost")->Wait(In(std::chrono::seconds(20)));
  ASSERT_TRUE(addresses.ok()) << addresses.error().message;
  for (const std::string& address : *addresses) {
    EXPECT_TRUE(address == "::1" || address.substr(0, 4) == "127.") << address;
  }
}

TEST(HostLookupTest, ANameThatCannotBeIsUnavailableAndTheErrorNamesIt) {
  const auto addresses = HostLookup::Start("a..b")->Wait(In(std::chrono::seconds(50)));
  ASSERT_FALSE(addresses.ok());
  EXPECT_EQ(addresses.error().code, Code::kUnavailable);
  EXPECT_NE(addresses.error().message.find("a..b"), std::string::npos);
}

TEST(HostLookupTest, InterruptEndsTheWait) {
  const auto lookup = HostLookup::Start("localhost");
  lookup->Interrupt();
  EXPECT_EQ(lookup->Wait(In(std::chrono::seconds(50))).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace telltale

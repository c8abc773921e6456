// SPDX-License-Identifier: Apache-2.0
#include "common/base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "common/base/check.h"
#include "common/base/function_ref.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

Status Half(int n) { return n % 2 == 0 ? Status() : Status(Fail(Code::kInvalid, "odd")); }

Status Quarter(int n) {
  TELLTALE_TRY(Half(n));
  TELLTALE_TRY(Half(n / 2));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  Result<std::unique_ptr<int>> good = std::make_unique<int>(7);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(**good, 7);
  const std::unique_ptr<int> taken = *std::move(good);
  EXPECT_EQ(*taken, 7);
  const Result<std::string> bad = Fail(Code::kGone, "too old");
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kGone);
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_TRUE(Quarter(4).ok());
  EXPECT_EQ(Quarter(3).error().message, "odd");
  EXPECT_EQ(Quarter(6).error().code, Code::kInvalid);
}

TEST(Result, ContextPutsThePlaceInFront) {
  const Error error = Context("reading /x", Fail(Code::kPermission, "denied"));
  EXPECT_EQ(error.message, "reading /x: denied");
  EXPECT_EQ(error.code, Code::kPermission);
}

TEST(Result, EveryCodeHasANameOfItsOwn) {
  EXPECT_EQ(CodeName(Code::kInvalid), "invalid");
  EXPECT_EQ(CodeName(Code::kUnavailable), "unavailable");
  EXPECT_EQ(CodeName(Code::kInternal), "internal");
}

TEST(CheckDeathTest, EndsTheProcessWithFileAndLine) {
  TELLTALE_CHECK(1 + 1 == 2);
  EXPECT_DEATH(TELLTALE_CHECK(1 + 1 == 3), "result_test.cc:[0-9]+: the invariant");
}

TEST(FunctionRef, CallsWhatItBorrowed) {
  int calls = 0;
  const auto count = [&](int n) { return calls += n; };
  const FunctionRef<int(int)> ref = count;
  EXPECT_EQ(ref(2), 2);
  EXPECT_EQ(ref(3), 5);
}

TEST(FakeClock, MovesOnlyWhenToldTo) {
  FakeClock clock;
  const SteadyTime steady = clock.Steady();
  EXPECT_EQ(clock.WallNanos(), FakeClock::kStartNanos);
  clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(clock.WallNanos(), FakeClock::kStartNanos + 2'000'000'000);
  EXPECT_EQ(clock.Steady() - steady, std::chrono::seconds(2));
  clock.SetWallNanos(5);
  EXPECT_EQ(clock.WallNanos(), 5);
  EXPECT_EQ(clock.Steady() - steady, std::chrono::seconds(2));
  clock.SetSteady(steady);
  EXPECT_EQ(clock.Steady(), steady);
}

TEST(RealClock, IsTheSystems) {
  EXPECT_GT(RealClock().WallNanos(), 1'700'000'000'000'000'000);
  const SteadyTime before = RealClock().Steady();
  EXPECT_LE(before, RealClock().Steady());
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/state_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

TEST(StateLock, OneAtATimeHasAFolderAndTheNextGetsItWhenTheFirstEnds) {
  TempFolder temp;
  std::optional<StateLock> first(temp / "state"), second(temp / "state");
  EXPECT_TRUE(first->TryLock());
  EXPECT_TRUE(first->TryLock());  // it has it already
  EXPECT_FALSE(second->TryLock());
  EXPECT_FALSE(second->TryLock());
  EXPECT_TRUE(
      ReadFile(temp / "state/lock")->starts_with("pid " + std::to_string(getpid()) + " on "));
  first.reset();
  EXPECT_TRUE(second->TryLock());
  StateLock third(temp / "state");
  EXPECT_FALSE(third.TryLock());
}

TEST(StateLock, TellsWhoHasAFolderWithoutTakingIt) {
  const TempFolder temp;
  EXPECT_FALSE(StateLock::Holder(temp / "state"));
  {
    StateLock lock(temp / "state");
    ASSERT_TRUE(lock.TryLock());
    EXPECT_EQ(StateLock::Holder(temp / "state").value_or("").find("pid "), 0u);
    EXPECT_FALSE(StateLock::Holder(temp / "other"));
  }
  EXPECT_FALSE(StateLock::Holder(temp / "state"));
  StateLock next(temp / "state");
  EXPECT_TRUE(next.TryLock());
}

TEST(StateLock, TwoFoldersAndNoFolderAreFree) {
  TempFolder temp;
  StateLock a(temp / "a"), b(temp / "b"), none(""), without("");
  EXPECT_TRUE(a.TryLock());
  EXPECT_TRUE(b.TryLock());
  EXPECT_TRUE(none.TryLock());
  EXPECT_TRUE(without.TryLock());
}

TEST(StateLock, AFolderThatCannotBeMadeHoldsUpNobody) {
  StateLock lock("/proc/nowhere/state");
  EXPECT_TRUE(lock.TryLock());
}

}  // namespace
}  // namespace telltale

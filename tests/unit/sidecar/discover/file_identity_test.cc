// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/file_identity.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

class FileIdTest : public testing::Test {
 protected:
  UniqueFd Open(const std::string& name) {
    return UniqueFd(open((temp_ / name).c_str(), O_RDONLY | O_CLOEXEC));
  }
  TempFolder temp_;
};

TEST_F(FileIdTest, ARenameKeepsTheIdentityAndANewFileHasAnother) {
  temp_.Write("a", "x");
  FileInfo before = *StatFile(Open("a").get());
  std::filesystem::rename(temp_ / "a", temp_ / "b");
  temp_.Write("a", "x");
  EXPECT_EQ(StatFile(Open("b").get())->id, before.id);
  EXPECT_NE(StatFile(Open("a").get())->id, before.id);
  EXPECT_TRUE(before.regular);
  EXPECT_EQ(before.size, 1u);
}

TEST_F(FileIdTest, GrowthKeepsTheMarkAndOtherContentDoesNot) {
  std::string head(300, 'h');
  temp_.Write("a", head + "first");
  FileBytes bytes(Open("a"));
  Checkpoint checkpoint = *MakeCheckpoint(bytes, 305);
  temp_.Write("a", head + "first and more");
  EXPECT_TRUE(ContentMatches(bytes, checkpoint));
  temp_.Write("a", head + "other and more");  // the same first bytes, regrown past the offset
  EXPECT_FALSE(ContentMatches(bytes, checkpoint));
  temp_.Write("a", head);
  EXPECT_FALSE(ContentMatches(bytes, checkpoint));
}

TEST_F(FileIdTest, NothingReadMatchesEverything) {
  temp_.Write("a", "");
  EXPECT_TRUE(ContentMatches(FileBytes(Open("a")), Checkpoint{}));
  EXPECT_TRUE(ContentMatches(FileBytes(Open("a")), *MakeCheckpoint(FileBytes(Open("a")), 0)));
}

}  // namespace
}  // namespace telltale

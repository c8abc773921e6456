// SPDX-License-Identifier: Apache-2.0
// Files that a link leads to, closed while nothing happens to them.
#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

// The folder of the targets: that of the links, or one below it that no pattern looks into.
class IdleLinkTest : public FileSetTest, public testing::WithParamInterface<std::string> {
 protected:
  IdleLinkTest() {
    fs::create_directories(temp_ / "data");
    Append(Target("a.1"), "1\n");
    Append(Target("b.1"), "1\n");
    Turn("a.log", "a.1");
    Turn("b.log", "b.1");
    set_->HandleEvents();
    ReadAll();
    Pass(std::chrono::seconds(620));
  }
  static std::string Target(const std::string& name) { return GetParam() + name; }
  void Turn(const std::string& link, const std::string& target) {
    fs::create_symlink(temp_ / Target(target), temp_ / (link + ".new"));
    Rename(link + ".new", link);
  }
  void Pass(std::chrono::seconds time) {
    for (auto left = time; left.count() > 0; left -= std::chrono::seconds(1)) {
      clock_.Advance(std::chrono::seconds(1));
      set_->Sweep();
    }
  }
};

// Each listing of the folder took the link for another file: the target was opened and closed.
TEST_P(IdleLinkTest, TheyAreClosedOnce) {
  EXPECT_THAT(set_->files(), IsEmpty());
  Pass(std::chrono::seconds(60));
  EXPECT_EQ(history_.idle.size(), 2u);
  EXPECT_EQ(set_->counts().idle, 2u);
}

TEST_P(IdleLinkTest, WhatIsWrittenToThemIsRead) {
  Append(Target("a.1"), "2\n");
  Pass(std::chrono::seconds(11));
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
  EXPECT_EQ(set_->counts().idle, 1u);
}

// Seed 345 of tests/faults/logs: the last line of the old target came behind those of the new one.
TEST_P(IdleLinkTest, BehindATurnedLinkTheOldTargetIsReadFirst) {
  Append(Target("a.1"), "2\n");
  Append(Target("a.2"), "3\n");
  Turn("a.log", "a.2");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("2\n", "3\n"));
  for (const auto& [file_id, file] : set_->files()) EXPECT_EQ(file->path, temp_ / "a.log");
  EXPECT_EQ(set_->counts().idle, 1u);
}

TEST_P(IdleLinkTest, OfAnUnchangedTargetNothingIsReadAgain) {
  Append(Target("a.2"), "3\n");
  Turn("a.log", "a.2");
  Pass(std::chrono::seconds(11));
  EXPECT_THAT(Unread(), ElementsAre("3\n"));
}

TEST_P(IdleLinkTest, OfALinkThatIsRemovedTheTargetIsReadToItsEnd) {
  Append(Target("a.1"), "2\n");
  fs::remove(temp_ / "a.log");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
}

INSTANTIATE_TEST_SUITE_P(Target, IdleLinkTest, testing::Values("", "data/"),
                         [](const auto& test) { return test.param.empty() ? "Beside" : "Below"; });

}  // namespace
}  // namespace telltale

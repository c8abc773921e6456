// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Fixture(const std::string& name) {
  auto text = ReadFile(TELLTALE_SOURCE_DIR "/tests/unit/sidecar/collect/testdata/proc/" + name);
  EXPECT_TRUE(text.ok()) << name;
  return text.ok() ? *text : "";
}

TEST(ParseNetDev, ReadsBothDirectionsOfEachDevice) {
  const auto devices = ParseNetDev(Fixture("net/dev"));
  ASSERT_TRUE(devices.ok());
  ASSERT_EQ(devices->size(), 2u);
  const NetworkDevice& eth0 = devices->back();
  EXPECT_EQ(eth0.name, "eth0");
  EXPECT_EQ(eth0.receive.bytes, 18446744073709551615u);
  EXPECT_EQ(eth0.receive.packets, 9182u);
  EXPECT_EQ(eth0.receive.errors, 3u);
  EXPECT_EQ(eth0.receive.drops, 4u);
  EXPECT_EQ(eth0.transmit.bytes, 716253u);
  EXPECT_EQ(eth0.transmit.packets, 6120u);
  EXPECT_EQ(eth0.transmit.errors, 1u);
  EXPECT_EQ(eth0.transmit.drops, 2u);
}

TEST(ParseNetDev, AnAliasHasAColonInItsName) {
  const auto devices =
      ParseNetDev("a\nb\neth0:1:1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n");  // no blank after the colon
  ASSERT_TRUE(devices.ok());
  EXPECT_EQ(devices->at(0).name, "eth0:1");
  EXPECT_EQ(devices->at(0).transmit.bytes, 5u);
}

TEST(ParseNetDev, NamesTheLineThatItDoesNotUnderstand) {
  for (const char* bad : {"eth0 1 2", "eth0: 1 2 3", "eth0: a 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0",
                          ": 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0"}) {
    const auto devices = ParseNetDev("a\nb\n" + std::string(bad));
    ASSERT_FALSE(devices.ok()) << bad;
    EXPECT_THAT(devices.error().message, HasSubstr("net/dev line 3"));
  }
}

TEST(ParseMountInfo, DecodesPathsAndTakesTheLaterOfTwoMountsAtOnePlace) {
  const auto mounts = ParseMountInfo(Fixture("self/mountinfo"));
  ASSERT_TRUE(mounts.ok());
  ASSERT_EQ(mounts->size(), 10u);
  EXPECT_EQ(mounts->at(0).mount_point, "/");
  EXPECT_EQ(mounts->at(0).type, "overlay");
  EXPECT_TRUE(mounts->at(0).read_only);
  EXPECT_EQ(mounts->at(7).mount_point, "/var/log/my shop");
  EXPECT_EQ(mounts->at(7).type, "ext4");
  EXPECT_EQ(mounts->at(8).mount_point, "/data");
  EXPECT_EQ(mounts->at(8).type, "tmpfs");
  EXPECT_FALSE(mounts->at(8).read_only);
}

TEST(ParseMountInfo, NamesTheLineThatItDoesNotUnderstand) {
  for (const char* bad :
       {"1 2 3", "1 2 0:1 / relative rw - ext4 d rw", "1 2 0:1 / /a rw shared:1"}) {
    const auto mounts = ParseMountInfo("612 540 0:61 / / rw - ext4 d rw\n" + std::string(bad));
    ASSERT_FALSE(mounts.ok()) << bad;
    EXPECT_THAT(mounts.error().message, HasSubstr("mountinfo line 2"));
  }
}

TEST(Mounts, KnowsWhatIsNoFilesystemForPeopleAndWhatMayHang) {
  const auto pseudo = [](std::string where, std::string type) {
    return IsPseudo({std::move(where), std::move(type), false});
  };
  EXPECT_TRUE(pseudo("/proc", "proc"));
  EXPECT_TRUE(pseudo("/dev/shm", "tmpfs"));
  EXPECT_TRUE(pseudo("/sys/fs/cgroup", "cgroup2"));
  EXPECT_FALSE(pseudo("/", "overlay"));
  EXPECT_FALSE(pseudo("/data", "tmpfs"));
  EXPECT_FALSE(pseudo("/devices", "ext4"));
  EXPECT_TRUE(MayHang({"/mnt", "nfs4", false}));
  EXPECT_TRUE(MayHang({"/mnt", "fuse.sshfs", false}));
  EXPECT_FALSE(MayHang({"/", "overlay", false}));
}

TEST(ParseProcessStat, TheNameEndsAtTheLastParenthesis) {
  const auto stat = ParseProcessStat(Fixture("12/stat"));
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->name, "shop :) (x");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->cpu_ticks, 200u);
  EXPECT_EQ(stat->threads, 6u);
  EXPECT_EQ(stat->start_ticks, 4711u);
  EXPECT_EQ(stat->virtual_bytes, 250000000u);
  EXPECT_EQ(stat->resident_pages, 1200u);
}

TEST(ParseProcessStat, RefusesWhatIsCutShort) {
  EXPECT_FALSE(ParseProcessStat("").ok());
  EXPECT_FALSE(ParseProcessStat("12 (a").ok());
  EXPECT_FALSE(ParseProcessStat("12 (a) S 1 12 12 0 -1 4194560 500 0 2 0 150 50").ok());
  EXPECT_FALSE(ParseProcessStat(")(").ok());
}

TEST(NextWord, CutsWordByWord) {
  std::string_view text = "  a bc\td ";
  EXPECT_EQ(NextWord(text), "a");
  EXPECT_EQ(NextWord(text), "bc");
  EXPECT_EQ(NextWord(text), "d");
  EXPECT_THAT(std::string(NextWord(text)), IsEmpty());
}

}  // namespace
}  // namespace telltale

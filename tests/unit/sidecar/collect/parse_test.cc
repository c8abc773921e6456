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
  const auto devices = ParseNetDev(Fixture("self/net/dev"));
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

TEST(ParseProcessStat, TheNameEndsAtTheLastParenthesis) {
  const auto stat = ParseProcessStat(Fixture("12/stat"));
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->name, "shop :) (x");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 1u);
  EXPECT_EQ(stat->cpu_ticks, 200u);
  EXPECT_EQ(stat->waited_ticks, 12u);
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

TEST(ParseProcessIo, ReadsWhatReachedTheDisks) {
  const auto io = ParseProcessIo(Fixture("12/io"));
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(io->read_bytes, 4096u);
  EXPECT_EQ(io->written_bytes, 8192u);
  EXPECT_FALSE(ParseProcessIo("").ok());
  EXPECT_FALSE(ParseProcessIo("read_bytes: 1\nwrite_bytes: x\n").ok());
}

// Case A1.11.
TEST(WholeName, IsThatOfTheProgramOrItsScript) {
  using std::string_literals::operator""s;
  const std::string cut = "verylongprocess";
  EXPECT_EQ(WholeName(cut, "/bin/verylongprocessname1\0--x\0"s), "verylongprocessname1");
  EXPECT_EQ(WholeName(cut, "/bin/sh\0/opt/verylongprocess.sh\0-v\0"s), "verylongprocess.sh");
  EXPECT_EQ(WholeName(cut, "verylongprocess"), cut);
  EXPECT_EQ(WholeName(cut, ""), cut);
  EXPECT_EQ(WholeName(cut, "/bin/other\0"s), cut);  // it calls itself something else
  EXPECT_EQ(WholeName("short", "/bin/shorter\0"s), "short");
  EXPECT_EQ(WholeName(cut, cut + std::string(10'000, 'x')).size(), 128u);
}

// Case A1.12.
TEST(LabelText, TwoNamesStayTwo) {
  EXPECT_EQ(LabelText("eth0"), "eth0");
  EXPECT_EQ(LabelText("h\xc3\xa9\\0"), "h\xc3\xa9\\0");
  EXPECT_EQ(LabelText("b\xff d"), "b\\xff d");
  EXPECT_EQ(LabelText("b\xfe d"), "b\\xfe d");
  EXPECT_EQ(LabelText("\xc3"), "\\xc3");                        // cut short
  EXPECT_EQ(LabelText("\xff\\\xc3\xa9"), "\\xff\\\\\xc3\xa9");  // a backslash is doubled then
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

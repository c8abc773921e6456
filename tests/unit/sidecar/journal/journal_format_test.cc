// SPDX-License-Identifier: Apache-2.0
// Journals of other versions: those of the first format are read for ever, and what a newer version
// adds is skipped or kept aside. The files in tests/golden/journal/v1 were written by the code of
// commit ded514a.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "common/base/files.h"
#include "sidecar/journal/journal.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::Key;

std::string Golden(const std::string& name) {
  auto text = ReadFile(std::string(TELLTALE_SOURCE_DIR) + "/tests/golden/journal/v1/" + name);
  EXPECT_TRUE(text.ok()) << name;
  return text ? *text : "";
}

JournalState Parse(const std::string& text, std::size_t& used) { return ParseJournal(text, used); }

TEST(JournalFormat, ACompactJournalOfTheFirstFormatIsReadAsItWasMeant) {
  const std::string text = Golden("compact");
  std::size_t used = 0;
  const JournalState state = Parse(text, used);
  EXPECT_EQ(used, text.size());
  ASSERT_THAT(state.files, ElementsAre(Key(3), Key(4), Key(5)));
  const FileRecord &a = state.files.at(3), &b = state.files.at(4), &c = state.files.at(5);
  EXPECT_EQ(a.id, (FileIdentity{2049, 77, 1795222923000000001}));
  EXPECT_EQ(a.path, "/var/log/shop/a.log");
  EXPECT_EQ(a.checkpoint, (Checkpoint{4000, 11, 22}));
  EXPECT_EQ(a.last_time, 1795222923000000012);  // of its batch
  EXPECT_EQ(a.touched, 1795222923);
  EXPECT_EQ(a.memory, std::string("\x01\0\xff", 3));
  EXPECT_EQ(a.stream_times, StreamTimes{});
  EXPECT_EQ(b.fingerprint, (Checkpoint{300, 33, 44}));
  EXPECT_TRUE(c.closed);
  EXPECT_EQ(c.carried_partial,
            (PartialLines{{LogStream::kStdout, 1795222923000000005, "half a line", false, 60, 0},
                          {LogStream::kStderr, 7, "cut", true, 90, 3}}));
  ASSERT_THAT(state.in_flight, ElementsAre(Key(8), Key(9)));
  const BatchRecord &first = state.in_flight.at(8), &second = state.in_flight.at(9);
  EXPECT_EQ(first.begin, 4000u);
  EXPECT_EQ(first.checkpoint, (Checkpoint{5000, 11, 55}));
  EXPECT_EQ(first.times,
            (std::vector<TimeRun>{{1795222923000000010, 3}, {1795222922000000000, 1}}));
  EXPECT_EQ(first.pipeline, 0xfedcba9876543210);
  EXPECT_EQ(first.memory, "before");
  EXPECT_EQ(first.memory_after, "after");
  EXPECT_EQ(first.maker, 0u);
  EXPECT_TRUE(first.acked_streams.empty());
  EXPECT_EQ(second.format, LogSource::Format::kCri);
  EXPECT_EQ(second.carried_over, 40u);
  EXPECT_EQ(state.metrics.size(), 2u);
  EXPECT_EQ(state.metrics.at({"log_seconds", {}}), (SeriesTotal{3.25, {1, 0, 7}}));
  EXPECT_EQ(state.last_scan, 1795222926000000000);
}

TEST(JournalFormat, RecordsThatWereAppendedInTheFirstFormatHaveTheirEffect) {
  const std::string text = Golden("grown");
  std::size_t used = 0;
  const JournalState state = Parse(text, used);
  EXPECT_EQ(used, text.size());
  EXPECT_THAT(state.files, ElementsAre(Key(4), Key(5), Key(6)));
  EXPECT_EQ(state.files.at(4).checkpoint.offset, 310u);
  EXPECT_EQ(state.files.at(5).carried_partial.at(0).text, "other half");
  EXPECT_THAT(state.in_flight, ElementsAre(Key(10)));
  EXPECT_EQ(state.metrics.at({"log_errors", {{"level", "error"}, {"app", "shop"}}}).value, 14.5);
  EXPECT_EQ(state.metrics.at({"log_level", {}}).value, 41);
  const JournalState torn = Parse(Golden("torn"), used);  // without its last record
  EXPECT_THAT(torn.files, ElementsAre(Key(3), Key(4), Key(5), Key(6)));
}

TEST(JournalFormat, WhatTheFirstFormatHoldsIsWrittenAsItWas) {
  std::size_t used = 0;
  JournalState state = Parse(Golden("compact"), used);
  state.files.at(3).last_time = 1795222923000000009;  // before its batch was read
  EXPECT_EQ(FormatJournal(state), Golden("compact"));
}

// Versions up to ded514a stop at a type of record that they do not know.
TEST(JournalFormat, OlderVersionsKnowEveryTypeOfRecordThatIsWritten) {
  std::size_t used = 0;
  JournalState state = Parse(Golden("compact"), used);
  state.in_flight.at(8).acked_streams = {1, 2};
  state.in_flight.at(9).stream_times.streams[1] = {5, 6};
  state.files.at(4).stream_times.streams[2] = {7, 8};
  std::string text = FormatJournal(state);
  AppendAckPartRecord(8, {3}, text);
  for (std::size_t at = kJournalMagic.size(); at < text.size();) {
    EXPECT_NE(std::string("FBAXHMLT").find(text[at + 8]), std::string::npos) << text[at + 8];
    at += 9 + static_cast<unsigned char>(text[at + 4]) +
          256u * static_cast<unsigned char>(text[at + 5]);
  }
  const JournalState again = Parse(text, used);
  EXPECT_EQ(used, text.size());
  EXPECT_THAT(again.in_flight.at(8).acked_streams, ElementsAre(1, 2, 3));
  EXPECT_EQ(again.in_flight.at(9).stream_times, state.in_flight.at(9).stream_times);
  EXPECT_EQ(again.files.at(4).stream_times, state.files.at(4).stream_times);
  EXPECT_EQ(again.files.at(4).fingerprint, state.files.at(4).fingerprint);
}

void AppendUnknown(std::string& text, char type, const std::string& payload) {
  std::string covered{static_cast<char>(payload.size()), 0, 0, 0, type};
  covered += payload;
  const std::uint32_t crc = Crc32(covered);
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(crc >> shift & 0xff);
  text += covered;
}

TEST(JournalFormat, RecordsOfANewerVersionAreSkippedAndThoseBehindThemAreRead) {
  std::string text = Golden("compact");
  AppendUnknown(text, 'z', "of a newer version");
  AppendUnknown(text, 'L', std::string("\0Z and an extension", 19));
  AppendAbandonRecord(8, text);
  std::size_t used = 0;
  const JournalState state = Parse(text, used);
  EXPECT_EQ(used, text.size());
  EXPECT_THAT(state.in_flight, ElementsAre(Key(9)));
}

TEST(JournalFormat, AJournalOfAnotherFormatIsKeptUnderAnotherNameHoweverOften) {
  TempFolder temp;
  FakeClock clock;
  for (const std::string before : {"telltale journal 2\nof a newer version", "garbage"}) {
    temp.Write("state/journal", before);
    Registry registry;
    Journal journal(temp / "state", clock, registry);
    journal.Open();
    journal.AddFile({1, 2, 3}, "/log/a.log");
    EXPECT_TRUE(ReadFile(temp / "state/journal")->starts_with(kJournalMagic));
  }
  EXPECT_EQ(*ReadFile(temp / "state/journal.unreadable"), "telltale journal 2\nof a newer version");
  EXPECT_EQ(*ReadFile(temp / "state/journal.unreadable.2"), "garbage");
}

}  // namespace
}  // namespace telltale

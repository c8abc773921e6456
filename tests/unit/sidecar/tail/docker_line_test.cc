// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/docker_line.h"

#include <gmock/gmock.h>

#include "sidecar/tail/entry_decoder.h"

namespace telltale {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kTime = 1'795'222'923'123'456'789;

std::string Line(const std::string& log, const std::string& stream = "stdout") {
  return "{\"log\":\"" + log + "\",\"stream\":\"" + stream +
         "\",\"time\":\"2026-11-21T01:02:03.123456789Z\"}";
}

std::string Content(const std::string& line) {
  std::string scratch;
  const auto parsed = ParseDockerLine(line, scratch);
  return parsed ? std::string(parsed->content) : "(none)";
}

TEST(DockerLine, StreamTimeAndTextAreTaken) {
  std::string scratch;
  const std::string line = Line("hello\\n", "stderr");
  const auto parsed = ParseDockerLine(line, scratch);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->content, "hello");
  EXPECT_EQ(parsed->stream, LogStream::kStderr);
  EXPECT_EQ(parsed->time, kTime);
  EXPECT_FALSE(parsed->partial);
}

TEST(DockerLine, EscapesAreResolved) {
  EXPECT_EQ(Content(Line("say \\\"hi\\\" \\\\ \\/ \\t\\u003ca\\u003e\\n")),
            "say \"hi\" \\ / \t<a>");
  EXPECT_EQ(Content(Line("\\u00e4 \\ud83d\\ude00 \\ud83d \\ude00\\n")),
            "\u00e4 \U0001F600 \uFFFD \uFFFD");
  EXPECT_EQ(Content(Line("terminal\\r\\n")), "terminal");
  EXPECT_EQ(Content(Line("\\n")), "");
  EXPECT_EQ(Content(Line("a\\\\n")), "a\\n");  // an escaped backslash and an n: a part
}

TEST(DockerLine, AttributesAndFurtherKeysAreIgnored) {
  const std::string tail = ",\"stream\":\"stdout\",\"time\":\"2026-11-21T01:02:03Z\"}";
  EXPECT_EQ(Content("{\"log\":\"a\\n\",\"attrs\":{\"tag\":\"x}\\\"\",\"n\":[1,{}]}" + tail), "a");
  EXPECT_EQ(Content("{\"log\":\"a\\n\",\"x\":null,\"y\":1.5" + tail), "a");
  EXPECT_EQ(Content("{\"log\":\"a\\n\", \"stream\": \"stdout\", \"time\": "
                    "\"2026-11-21T01:02:03Z\" }"),
            "a");
}

TEST(DockerLine, WhatIsNotOfThisFormIsNoDockerLine) {
  for (const std::string& line :
       {std::string(), std::string("{}"), std::string("text"), std::string("{\"log\":\"a\\n\"}"),
        Line("a\\n", "stdin"), Line("a\\x"), Line("a\\u12"), Line("a\\n") + "x", "x" + Line("a\\n"),
        std::string("{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"yesterday\"}"),
        std::string("{\"log\":\"a\\n\",\"stream\":1,\"time\":\"2026-11-21T01:02:03Z\"}"),
        std::string("{\"log\":\"a\\n\",\"stream\":\"stdout\"}}"), Line("a\\n").substr(0, 40)}) {
    EXPECT_EQ(Content(line), "(none)") << line;
  }
}

std::vector<std::string> Decode(LogSource::Format format, const std::vector<std::string>& lines) {
  EntryDecoder decoder(format);
  std::vector<std::string> out;
  std::uint64_t at = 0;
  for (const std::string& text : lines) {
    RawLine line{text, at, at + text.size() + 1, 0};
    at = line.end;
    decoder.Line(line, [&](LogEntry& entry) {
      const char* stream = entry.stream == LogStream::kStderr   ? "err "
                           : entry.stream == LogStream::kStdout ? "out "
                                                                : "- ";
      out.push_back(stream + std::string(entry.text) + (entry.time > 0 ? "" : " (no time)"));
    });
  }
  return out;
}

TEST(DockerLine, PartsAreJoinedUntilTheLineEndForEachStream) {
  const std::vector<std::string> lines = {Line("one "),    Line("error", "stderr"), Line("two"),
                                          Line(" end\\n"), Line("!\\n", "stderr"),  Line("x\\n")};
  const auto joined = ElementsAre("out one two end", "err error!", "out x");
  EXPECT_THAT(Decode(LogSource::Format::kDocker, lines), joined);
  EXPECT_THAT(Decode(LogSource::Format::kAuto, lines), joined);
}

TEST(DockerLine, TheFormatSaysWhichLinesAreTaken) {
  const std::string docker = Line("a\\n");
  const std::string cri = "2026-11-21T01:02:03.1Z stderr F b";
  EXPECT_THAT(Decode(LogSource::Format::kAuto, {docker, cri, "c"}),
              ElementsAre("out a", "err b", "- c (no time)"));
  EXPECT_THAT(Decode(LogSource::Format::kDocker, {docker, cri}),
              ElementsAre("out a", "- " + cri + " (no time)"));
  EXPECT_THAT(Decode(LogSource::Format::kCri, {docker, cri}),
              ElementsAre("- " + docker + " (no time)", "err b"));
  EXPECT_THAT(Decode(LogSource::Format::kPlain, {docker}),
              ElementsAre("- " + docker + " (no time)"));
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/eventlog/event_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;

struct Read {
  std::string line, version, error;
};

Read Line(const std::string& event) {
  Read read;
  JsonParser parser;
  const Status status =
      parser.Parse(event, [&](JsonValue root) { return EventLine(root, read.version, read.line); });
  if (!status.ok()) read.error = status.error().message;
  return read;
}

TEST(EventLineTest, AKubeletsEventHasItsLastTimeAndHowOftenItWasSeen) {
  const Read read = Line(
      R"({"kind":"Event","apiVersion":"v1","metadata":{"name":"web-0.17","namespace":"shop",)"
      R"("resourceVersion":"812","creationTimestamp":"2026-12-01T01:00:00Z"},"involvedObject":{)"
      R"("kind":"Pod","namespace":"shop","name":"web-0","fieldPath":"spec.containers{web}"},)"
      R"("reason":"BackOff","message":"Back-off \"web\"","source":{"component":"kubelet",)"
      R"("host":"node-a"},"firstTimestamp":"2026-12-01T01:00:00Z","lastTimestamp":)"
      R"("2026-12-01T01:02:03Z","count":3,"type":"Warning","eventTime":null,)"
      R"("reportingComponent":"kubelet","reportingInstance":"node-a"})");
  EXPECT_EQ(read.version, "812");
  EXPECT_EQ(read.line,
            R"({"time":"2026-12-01T01:02:03Z","type":"Warning","reason":"BackOff","kind":"Pod",)"
            R"("namespace":"shop","name":"web-0","message":"Back-off \"web\"","count":3,)"
            R"("component":"kubelet","host":"node-a"})");
}

TEST(EventLineTest, AnEventOfTheNewerApiHasItsMomentAndItsSeries) {
  const std::string event =
      R"({"metadata":{"name":"a","namespace":"default","resourceVersion":"9","creationTimestamp":)"
      R"("2026-12-01T01:00:00Z"},"involvedObject":{"kind":"Node","name":"node-a"},"reason":)"
      R"("Scheduled","type":"Normal","source":{},"firstTimestamp":null,"lastTimestamp":null,)"
      R"("eventTime":"2026-12-01T01:00:00.123456Z",SERIES"reportingComponent":"scheduler"})";
  const auto with = [&](const std::string& series) {
    std::string text = event;
    return Line(text.replace(text.find("SERIES"), 6, series)).line;
  };
  EXPECT_EQ(with(""),
            R"({"time":"2026-12-01T01:00:00.123456Z","type":"Normal","reason":"Scheduled",)"
            R"("kind":"Node","namespace":"default","name":"node-a",)"
            R"("component":"scheduler"})");
  const std::string series =
      with(R"("series":{"count":7,"lastObservedTime":"2026-12-01T01:09:00.000001Z"},)");
  EXPECT_THAT(series, HasSubstr(R"("time":"2026-12-01T01:09:00.000001Z")"));
  EXPECT_THAT(series, HasSubstr(R"("count":7)"));
}

TEST(EventLineTest, AnEventOfWhichLittleIsSaidIsALineAndOneWithoutATimeIsNone) {
  EXPECT_EQ(Line(R"({"metadata":{"creationTimestamp":"2026-12-01T01:00:00Z"},"count":"x"})").line,
            R"({"time":"2026-12-01T01:00:00Z"})");
  EXPECT_EQ(Line(R"({"metadata":{"resourceVersion":"5"}})").error, "an event without any time");
  EXPECT_EQ(Line(R"({"metadata":{"resourceVersion":"5"}})").version, "5");
  EXPECT_NE(Line(R"({"metadata":7})").error, "");
}

}  // namespace
}  // namespace telltale

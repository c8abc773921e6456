// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/stream_set.h"

#include <gmock/gmock.h>

#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Labels Many(int count) {
  Labels labels{{"app", "shop"}, {"filename", "/a.log"}, {"namespace", "web"}};
  for (int i = 0; static_cast<int>(labels.size()) < count; ++i) {
    SetLabel(labels, "l" + std::to_string(100 + i), "v" + std::to_string(i));
  }
  return labels;
}

// The encoded stream of one line with these labels.
std::string Encoded(const Labels& labels) {
  StreamSet streams;
  const PipelineRun::BaseLabels base{labels, labels, labels};
  streams.Begin(base);
  LogEntry entry;
  entry.text = "hello";
  entry.time = 1;
  streams.Add(entry);
  EXPECT_EQ(streams.streams().size(), 1u);
  return *SnappyUncompress(streams.streams()[0]->encoder.Finish());
}

TEST(StreamSet, AStreamHasNoMoreLabelsThanTheStoreTakesAndTheLinesHaveTheRest) {
  EXPECT_THAT(Encoded(Many(15)), HasSubstr("l111=\"v11\""));
  const std::string text = Encoded(Many(17));
  EXPECT_THAT(text, HasSubstr("l111=\"v11\""));
  EXPECT_THAT(text, Not(HasSubstr("l112=\"v12\"")));
  EXPECT_THAT(text, HasSubstr("namespace=\"web\"")) << "what says where lines come from stays";
  for (const char* part : {"l112", "v12", "l113", "v13"}) EXPECT_THAT(text, HasSubstr(part));
}

TEST(StreamSet, LabelsOfStagesCountToo) {
  const Labels base_labels = Many(14);
  const PipelineRun::BaseLabels base{base_labels, base_labels, base_labels};
  auto pipeline = Pipeline::Compile(
      {{LogfmtSpec{{{"zone", ""}, {"kind", ""}}, ""}, LabelsSpec{{{"zone", ""}, {"kind", ""}}}}});
  PipelineRun run;
  run.Begin(**pipeline, base, "/a.log", "", 1);
  StreamSet streams;
  streams.Begin(base);
  LogEntry entry;
  entry.text = "zone=z kind=k";
  ASSERT_TRUE(run.Line(entry));
  streams.Add(run.line(), false, {1, 10}, (*pipeline)->label_names());
  ASSERT_EQ(streams.streams().size(), 1u);
  const std::string text = *SnappyUncompress(streams.streams()[0]->encoder.Finish());
  EXPECT_THAT(text, HasSubstr("kind=\"k\""));
  EXPECT_THAT(text, Not(HasSubstr("zone=\"z\"")));
}

}  // namespace
}  // namespace telltale

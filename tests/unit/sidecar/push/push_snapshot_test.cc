// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_snapshot.h"

#include <gtest/gtest.h>

#include "common/exposition/metric_text.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

std::vector<PushedGroup> Two() {
  std::vector<PushedGroup> groups(2);
  groups[0].labels = {{"job", "a"}};
  groups[0].pushed = 1.5;
  groups[1].labels = {{"instance", ""}, {"job", "gr\xC3\xBCn"}};
  groups[1].failed = 1'795'222'923.25;
  auto families = ParseText("# HELP m H.\n# TYPE m counter\nm{a=\"b\"} 1\nm 2\nn 3\n");
  for (Family& family : *families) {
    groups[1].families.push_back(std::make_shared<const Family>(std::move(family)));
  }
  return groups;
}

TEST(PushSnapshot, ReadsBackWhatItWrites) {
  const auto read = ReadPushSnapshot(WritePushSnapshot(Two()));
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].labels, (Labels{{"job", "a"}}));
  EXPECT_EQ((*read)[0].pushed, 1.5);
  EXPECT_TRUE((*read)[0].families.empty());
  EXPECT_EQ((*read)[1].labels, Two()[1].labels);
  EXPECT_EQ((*read)[1].failed, 1'795'222'923.25);
  ASSERT_EQ((*read)[1].families.size(), 2u);
  const Family& family = *(*read)[1].families[0];
  EXPECT_EQ(family.help, "H.");
  EXPECT_EQ(MetricText(family.metrics[0], family.type),
            "label:<name:\"a\" value:\"b\" > counter:<value:1 > ");
  EXPECT_TRUE(ReadPushSnapshot(WritePushSnapshot({}))->empty());
}

TEST(PushSnapshot, RefusesEveryCut) {
  const std::string whole = WritePushSnapshot(Two());
  const std::string first = WritePushSnapshot({Two()[0]});
  const std::string none = WritePushSnapshot({});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool is_whole = size == first.size() || size == none.size();
    EXPECT_EQ(ReadPushSnapshot(whole.substr(0, size)).ok(), is_whole) << size;
  }
  EXPECT_FALSE(ReadPushSnapshot(whole + "x").ok());
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/exposition/go_text.h"
#include "common/exposition/proto_fields.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;

// name{a="b"} value
std::vector<std::string> Lines(const std::vector<RemoteSeries>& series) {
  std::vector<std::string> lines;
  for (const RemoteSeries& one : series) {
    std::string labels;
    for (const auto& [name, value] : one.labels) {
      if (name == "__name__") continue;
      if (!labels.empty()) labels += ",";
      labels += name + "=" + GoQuoted(value);
    }
    std::string line = *FindLabel(one.labels, "__name__") + "{" + labels + "} ";
    AppendGoFloat(one.value, line);
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> Scraped(std::string_view page, const ScrapeLabels& labels) {
  return Lines(ScrapedSeries(*ParseText(page), labels));
}

TEST(ScrapedSeries, HaveTheLabelsThatAScrapeGivesThem) {
  const Labels target{{"instance", "10.0.0.1:80"}, {"job", "web"}, {"zone", ""}};
  EXPECT_THAT(Scraped("# TYPE a counter\na{b=\"1\"} 3\na{b=\"2\",e=\"\"} 4\nc NaN\n", {target}),
              ElementsAre(R"(a{b="1",instance="10.0.0.1:80",job="web"} 3)",
                          R"(a{b="2",instance="10.0.0.1:80",job="web"} 4)",
                          R"(c{instance="10.0.0.1:80",job="web"} NaN)"));
}

TEST(ScrapedSeries, ALabelThatTheTargetHasTooIsExported) {
  const Labels target{{"exported_zone", "t"}, {"job", "web"}, {"zone", "1"}};
  EXPECT_THAT(Scraped("a{job=\"x\",zone=\"2\"} 1\na{job=\"\"} 2\n", {target}),
              ElementsAre(R"(a{exported_exported_zone="2",exported_job="x",)"
                          R"(exported_zone="t",job="web",zone="1"} 1)",
                          R"(a{exported_zone="t",job="web",zone="1"} 2)"));
  // What was pushed to a sidecar.
  EXPECT_THAT(
      Scraped("a{instance=\"\",job=\"x\"} 1\n",
              {.target = {{"instance", "i"}, {"job", "telltale-sidecar"}}, .keep_job = true}),
      ElementsAre(R"(a{instance="i",job="x"} 1)"));
}

constexpr std::string_view kDistributions =
    "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2.5\"} 3\nh_bucket{le=\"+Inf\"} 4\n"
    "h_sum 7\nh_count 4\n# TYPE s summary\ns{quantile=\"0.5\"} 9\ns_sum 8\ns_count 2\n";

TEST(ScrapedSeries, DistributionsAreSeveralSeriesWithBoundsAsPrometheusWritesThem) {
  EXPECT_THAT(Scraped(kDistributions, {}),
              ElementsAre(R"(h_bucket{le="+Inf"} 4)", R"(h_bucket{le="1.0"} 2)",
                          R"(h_bucket{le="2.5"} 3)", "h_count{} 4", "h_sum{} 7", "s_count{} 2",
                          "s_sum{} 8", R"(s{quantile="0.5"} 9)"));
  const auto as_text = Scraped(kDistributions, {.target = {}, .float_bounds = false});
  EXPECT_EQ(as_text[1], R"(h_bucket{le="1"} 2)");
}

TEST(ScrapedSeries, OfASeriesThatIsThereTwiceTheFirstCounts) {
  EXPECT_THAT(Scraped("a{b=\"1\"} 1\na{b=\"1\"} 2\n", {}), ElementsAre(R"(a{b="1"} 1)"));
}

// What a request says, as text: "labels @time value", one line for each sample.
std::vector<std::string> Decode(std::string_view request, RemoteWriteVersion version) {
  std::vector<std::string> symbols, lines;
  const bool second = version == RemoteWriteVersion::k2;
  proto::Field field;
  while (proto::TakeField(request, field)) {
    if (second && field.number == 4) symbols.emplace_back(field.bytes);
    if (field.number != (second ? 5u : 1u)) continue;
    std::string_view series = field.bytes;
    std::string labels;
    proto::Field part;
    while (proto::TakeField(series, part)) {
      std::string_view rest = part.bytes;
      if (part.number == 1 && second) {
        for (std::uint64_t place = 0; TakeVarint(rest, place);) labels += symbols.at(place) + " ";
      } else if (part.number == 1) {
        proto::Field text;
        while (proto::TakeField(rest, text)) labels += std::string(text.bytes) + " ";
      } else if (part.number == 2) {
        proto::Field value, time;
        EXPECT_TRUE(proto::TakeField(rest, value) && proto::TakeField(rest, time));
        std::string line = labels + "@" + std::to_string(time.bits) + " ";
        if (value.bits == 0x7ff0000000000002) {
          line += "stale";
        } else {
          AppendGoFloat(value.AsDouble(), line);
        }
        lines.push_back(line);
      } else if (part.number == 5) {
        proto::Field type;
        EXPECT_TRUE(proto::TakeField(rest, type));
        lines.back() += " type " + std::to_string(type.bits);
      }
    }
  }
  EXPECT_TRUE(request.empty());
  return lines;
}

TEST(EncodeRemoteWrite, SaysTheSameInBothVersions) {
  const auto series =
      ScrapedSeries(*ParseText("# TYPE a counter\na{b=\"x\"} 3\nc{b=\"x\"} NaN\n"), {});
  EXPECT_THAT(Decode(EncodeRemoteWrite(series, 1000, false, RemoteWriteVersion::k1),
                     RemoteWriteVersion::k1),
              ElementsAre("__name__ a b x @1000 3", "__name__ c b x @1000 NaN"));
  EXPECT_THAT(Decode(EncodeRemoteWrite(series, 1000, false, RemoteWriteVersion::k2),
                     RemoteWriteVersion::k2),
              ElementsAre("__name__ a b x @1000 3 type 1", "__name__ c b x @1000 NaN type 0"));
}

TEST(EncodeRemoteWrite, TheMarkerOfTheEndComesAMillisecondLater) {
  const auto series = ScrapedSeries(*ParseText("a 3\n"), {});
  for (const auto version : {RemoteWriteVersion::k1, RemoteWriteVersion::k2}) {
    const auto lines = Decode(EncodeRemoteWrite(series, 1000, true, version), version);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0], "__name__ a @1000 3");
    EXPECT_EQ(lines[1].find("__name__ a @1001 stale"), 0u);
  }
}

TEST(EncodeRemoteWrite, NoSeriesAreAnEmptyRequest) {
  EXPECT_EQ(EncodeRemoteWrite({}, 1, true, RemoteWriteVersion::k1), "");
  EXPECT_EQ(EncodeRemoteWrite({}, 1, true, RemoteWriteVersion::k2), std::string("\x22\0", 2));
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/json_body.h"

#include <gtest/gtest.h>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

std::string Request(const Labels& labels) {
  StreamEncoder encoder;
  encoder.Begin(FormatStreamLabels(labels));
  encoder.Add(1'700'000'000'000'000'001, "say \"hi\" \\ \t\x01 \xc3\xa4", false);
  encoder.Add(2, "", true);
  const MetadataPair pair{"k", "v"};
  encoder.Add(1'000'000'000, "three", false, {&pair, 1});
  return std::string(encoder.Finish());
}

TEST(JsonBody, SaysTheSameAsTheProtobuf) {
  EXPECT_EQ(
      PushRequestAsJson(Request({{"app", "a"}, {"job", "say \"b\"\n\\ \x01"}})),
      "{\"streams\":[{\"stream\":{\"app\":\"a\",\"job\":\"say \\\"b\\\"\\u000a\\\\ \\u0001\"},"
      "\"values\":[[\"1700000000000000001\",\"say \\\"hi\\\" \\\\ \\u0009\\u0001 \xc3\xa4\"],"
      "[\"2\",\"\",{\"truncated\":\"true\"}],"
      "[\"1000000000\",\"three\",{\"k\":\"v\"}]]}]}");
}

TEST(JsonBody, IsTheSameBytesEachTimeAndCompressed) {
  std::string compressed = SnappyCompress(Request({{"app", std::string(10'000, 'a')}}));
  std::string first = GzipJsonBody(compressed);
  EXPECT_EQ(first, GzipJsonBody(compressed));
  EXPECT_EQ(first.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(first.substr(4, 4), std::string(4, '\0'));  // no time in its header
  EXPECT_LT(first.size(), 1'000u);
}

TEST(JsonBody, ADamagedRequestIsNone) {
  std::string request = Request({{"app", "a"}});
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    EXPECT_EQ(PushRequestAsJson(std::string_view(request).substr(0, cut)), std::nullopt) << cut;
  }
}

}  // namespace
}  // namespace telltale

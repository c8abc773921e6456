// SPDX-License-Identifier: Apache-2.0
//
// Pushed bodies: the first line says which format. What a parser takes can be written in each
// format and read back, and says the same.
#include <string>

#include "common/base/check.h"
#include "common/exposition/consistency.h"
#include "common/exposition/openmetrics_parser.h"
#include "common/exposition/page_writer.h"
#include "common/exposition/proto_parser.h"
#include "common/exposition/text_parser.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxSamples = 10'000;

std::string Write(const std::vector<Family>& families, PageStyle style) {
  std::string out;
  PageWriter writer(style, out);
  for (const Family& family : families) {
    writer.Begin({family.name, family.help, family.unit, family.type});
    for (const Metric& metric : family.metrics) writer.Add(metric);
    writer.End();
  }
  writer.Finish();
  return out;
}

std::size_t Count(const std::vector<Family>& families) {
  std::size_t count = 0;
  for (const Family& family : families) count += family.metrics.size();
  return count;
}

}  // namespace

void FuzzOne(std::string_view text) {
  const std::string_view format = TakeLine(text);
  const auto families =
      format == "proto" ? ParseProto(text, kMaxSamples)
      : format == "openmetrics"
          ? ParseOpenMetrics(text, kMaxSamples)
          : ParseText(text, {.crlf = format == "crlf", .max_samples = kMaxSamples});
  if (!families) {
    TELLTALE_CHECK(!families.error().message.empty());
    return;
  }
  PageCheck check;
  std::vector<std::string> problems;
  for (const Family& family : *families) check.Add(family, problems);
  for (const Escaping escaping : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    Write(*families, {PageFormat::kText, escaping});
    Write(*families, {PageFormat::kOpenMetrics, escaping});
  }
  if (!problems.empty()) return;  // a page that the push is refused for
  const auto from_text = ParseText(Write(*families, {PageFormat::kText, Escaping::kAllowUtf8}));
  TELLTALE_CHECK(from_text.ok() && Count(*from_text) == Count(*families));
  const auto from_proto =
      ParseProto(Write(*families, {PageFormat::kProtobuf, Escaping::kAllowUtf8}), 10 * kMaxSamples);
  TELLTALE_CHECK(from_proto.ok() && Count(*from_proto) == Count(*families));
}

}  // namespace telltale

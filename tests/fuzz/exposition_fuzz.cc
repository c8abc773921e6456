// SPDX-License-Identifier: Apache-2.0
//
// Pushed bodies: the first line says which format. What a parser takes can be written in each
// format and read back, and says the same; and it can be handed over by remote write.
#include <string>

#include "common/base/check.h"
#include "common/exposition/consistency.h"
#include "common/exposition/openmetrics_parser.h"
#include "common/exposition/page_writer.h"
#include "common/exposition/proto_fields.h"
#include "common/exposition/proto_parser.h"
#include "common/exposition/remote_write.h"
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

// How many series a request has; every field of it can be read.
std::size_t CountSeries(std::string_view request, std::uint32_t field) {
  std::size_t count = 0;
  proto::Field one;
  while (!request.empty()) {
    TELLTALE_CHECK(proto::TakeField(request, one));
    if (one.number == field) ++count;
  }
  return count;
}

void CheckRemoteWrite(const std::vector<Family>& families) {
  const auto series = ScrapedSeries(
      families, {.target = {{"instance", "a:1"}, {"job", "j"}, {"zone", ""}}, .keep_job = true});
  for (std::size_t i = 0; i < series.size(); ++i) {
    const Labels& labels = series[i].labels;
    TELLTALE_CHECK(FindLabel(labels, "job") != nullptr && FindLabel(labels, "__name__") != nullptr);
    for (std::size_t k = 0; k < labels.size(); ++k) {
      TELLTALE_CHECK(!labels[k].second.empty());
      TELLTALE_CHECK(k == 0 || labels[k - 1].first < labels[k].first);
    }
    TELLTALE_CHECK(i == 0 || series[i - 1].labels < labels);
  }
  for (const auto version : {RemoteWriteVersion::k1, RemoteWriteVersion::k2}) {
    const std::string request = EncodeRemoteWrite(series, 1'796'052'000'000, true, version);
    TELLTALE_CHECK(CountSeries(request, version == RemoteWriteVersion::k1 ? 1 : 5) ==
                   series.size());
  }
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
  CheckRemoteWrite(*families);
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

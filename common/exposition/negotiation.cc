// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/negotiation.h"

#include <charconv>
#include <optional>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxParameters = 16;
constexpr std::string_view kProtoMessage = "io.prometheus.client.MetricFamily";

// Absent is 1, what is no number is 0.
double Quality(std::string_view text) {
  if (text.empty()) return 1;
  double q = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), q);
  return read.ptr == text.data() + text.size() && q > 0 && q <= 1 ? q : 0;
}

std::string WithEscaping(std::string type, Escaping escaping) {
  return type.append("; escaping=").append(EscapingWord(escaping));
}

std::optional<Negotiated> FormatOf(const HeaderValue& range) {
  const std::string_view version = range.Find("version");
  const Escaping escaping = EscapingOf(range.Find("escaping")).value_or(Escaping::kUnderscores);
  if (range.value == "application/vnd.google.protobuf") {
    if (range.Find("proto") != kProtoMessage || range.Find("encoding") != "delimited") return {};
    return Negotiated{{PageFormat::kProtobuf, escaping},
                      WithEscaping("application/vnd.google.protobuf; proto=" +
                                       std::string(kProtoMessage) + "; encoding=delimited",
                                   escaping)};
  }
  if (range.value == "application/openmetrics-text") {
    if (!version.empty() && version != "1.0.0" && version != "0.0.1") return {};
    const std::string type = "application/openmetrics-text; version=" +
                             std::string(version.empty() ? "1.0.0" : version) + "; charset=utf-8";
    return Negotiated{{PageFormat::kOpenMetrics, escaping}, WithEscaping(type, escaping)};
  }
  if (range.value != "text/plain" && range.value != "text/*" && range.value != "*/*") return {};
  if (version == "1.0.0") {
    return Negotiated{{PageFormat::kText, escaping},
                      WithEscaping("text/plain; version=1.0.0; charset=utf-8", escaping)};
  }
  if (!version.empty() && version != "0.0.4") return {};
  return Negotiated{{}, "text/plain; version=0.0.4; charset=utf-8"};
}

}  // namespace

std::string_view HeaderValue::Find(std::string_view name) const {
  for (const auto& [key, text] : parameters) {
    if (key == name) return text;
  }
  return {};
}

HeaderValue ParseHeaderValue(std::string_view text) {
  HeaderValue out;
  bool first = true;
  while (!text.empty() && out.parameters.size() < kMaxParameters) {
    const std::size_t end = text.find(';');
    const std::string_view part = Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (std::exchange(first, false)) {
      out.value = LowerAscii(part);
      continue;
    }
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view value = Trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    out.parameters.emplace_back(LowerAscii(Trim(part.substr(0, equals))), value);
  }
  return out;
}

Negotiated NegotiateFormat(std::string_view accept) {
  Negotiated best{{}, "text/plain; version=0.0.4; charset=utf-8"};
  double best_quality = 0;
  for (const std::string_view part : Split(accept, ',')) {
    const HeaderValue range = ParseHeaderValue(part);
    const double quality = Quality(range.Find("q"));
    if (quality <= best_quality) continue;
    if (auto format = FormatOf(range)) {
      best = *std::move(format);
      best_quality = quality;
    }
  }
  return best;
}

bool AcceptsGzip(std::string_view accept_encoding) {
  double gzip = 0;
  bool named = false;
  for (const std::string_view part : Split(accept_encoding, ',')) {
    const HeaderValue coding = ParseHeaderValue(part);
    const double quality = Quality(coding.Find("q"));
    if (coding.value == "gzip") {
      gzip = quality;
      named = true;
    } else if (coding.value == "*" && !named) {
      gzip = quality;
    }
  }
  return gzip > 0;
}

}  // namespace telltale

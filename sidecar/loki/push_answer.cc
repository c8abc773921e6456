// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_answer.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::int64_t kMaxRetryAfter = 600;

// A text of Loki's validation errors, and the name that its own metrics give it, but for those that
// other tools know by a shorter one. `each_line`: the sentence is about one line; else about a
// stream, with all its lines.
struct Refusal {
  std::string_view text, reason;
  bool each_line = false;
};
constexpr Refusal kRefusals[] = {
    {"too far behind", "too_far_behind"},
    {"out of order", "too_far_behind"},
    {"timestamp too old", "too_old", true},
    {"timestamp too new", "too_new", true},
    {"Max entry size", "line_too_long", true},
    {"max entry size", "line_too_long", true},
    {"error parsing labels", "invalid_labels"},
    {"couldn't parse labels", "invalid_labels"},
    {"duplicate label name", "invalid_labels"},
    {"label names", "invalid_labels"},
    {"label name too long", "invalid_labels"},
    {"label value too long", "invalid_labels"},
    {"at least one label", "invalid_labels"},
    {"structured metadata", "limit_exceeded", true},
    {"proto:", "invalid_push"},
    {"snappy", "invalid_push"},
};
constexpr Refusal kUnknown{"", "rejected"};

// What a 429 says about one stream; all others are about the tenant.
constexpr std::string_view kStreamLimits[] = {"er stream rate limit exceeded",
                                              "aximum active stream limit exceeded"};

const Refusal& RefusalOf(std::string_view body) {
  for (const Refusal& refusal : kRefusals) {
    if (body.find(refusal.text) != body.npos) return refusal;
  }
  return kUnknown;
}

bool IsStreamLimit(std::string_view body) {
  return std::any_of(std::begin(kStreamLimits), std::end(kStreamLimits),
                     [&](std::string_view text) { return body.find(text) != body.npos; });
}

// The number at the front of `text`.
std::optional<std::uint64_t> LeadingNumber(std::string_view text) {
  std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = ParseInt(text.substr(0, digits));
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// The number behind `text`.
std::optional<std::uint64_t> NumberAfter(std::string_view body, std::string_view text) {
  std::size_t at = body.find(text);
  if (at == body.npos) return std::nullopt;
  return LeadingNumber(body.substr(at + text.size()));
}

// How many of `lines` the answer says were not stored; all, where it does not say.
std::uint64_t IgnoredLines(std::string_view body, const Refusal& refusal, std::uint64_t lines) {
  // The ingester: "total ignored: N out of M for stream". The distributor has taken out lines
  // before, of which it then does not speak: M is less by them, unless M is but one shard.
  auto ignored = NumberAfter(body, "total ignored: ");
  auto arrived = NumberAfter(body, " out of ");
  if (ignored && arrived && *ignored <= *arrived && *arrived <= lines) {
    bool sharded = body.find("__stream_shard__") != body.npos;
    return sharded ? *ignored : *ignored + (lines - *arrived);
  }
  // The distributor alone: "N errors like: entry ...; N errors like: entry ...", but a single error
  // without the number. Where it speaks of a stream, the number is not one of lines.
  if (!refusal.each_line) return lines;
  constexpr std::string_view kText = " errors like: ";
  std::uint64_t sum = 0;
  for (std::size_t at = body.find(kText); at != body.npos; at = body.find(kText, at + 1)) {
    std::size_t start = at;
    while (start > 0 && body[start - 1] >= '0' && body[start - 1] <= '9') --start;
    sum += LeadingNumber(body.substr(start, at - start)).value_or(0);
  }
  if (sum == 0) return std::min<std::uint64_t>(lines, 1);
  return std::min(sum, lines);
}

}  // namespace

PushAnswer ReadPushAnswer(const HttpResponse& response, std::uint64_t lines) {
  using Kind = PushAnswer::Kind;
  PushAnswer out;
  if (const std::string* header = FindHeader(response.headers, "Retry-After")) {
    auto seconds = ParseInt(Trim(*header)).value_or(0);
    out.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMaxRetryAfter));
  }
  switch (response.status) {
    case 200:
    case 204:
      out.kind = Kind::kStored;
      break;
    case 400: {
      const Refusal& refusal = RefusalOf(response.body);
      out.kind = Kind::kRefused;
      out.reason = refusal.reason;
      out.lost_lines = IgnoredLines(response.body, refusal, lines);
      break;
    }
    case 413:
      out.kind = Kind::kTooLarge;
      break;
    case 429:
      out.kind = IsStreamLimit(response.body) ? Kind::kStreamLimited : Kind::kTenantLimited;
      break;
    case 401:
    case 403:
    case 407:
      out.kind = Kind::kRetrySlowly;
      out.credentials = true;
      break;
    default:
      // Other 2xx, of which 260 says "ingestion is blocked", stored nothing. Other 3xx and 4xx
      // come from a wrong URL or a proxy: holding the lines is the only thing that loses none.
      out.kind = response.status >= 300 && response.status < 500 && response.status != 408 &&
                         response.status != 499
                     ? Kind::kRetrySlowly
                     : Kind::kRetry;
      // gRPC's limit between Loki's own parts is not mapped to 413.
      if (response.status >= 500 &&
          response.body.find("larger than max") != std::string_view::npos) {
        out.kind = Kind::kTooLarge;
      }
  }
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_answer.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "common/base/strings.h"
#include "common/net/http/http_date.h"
#include "sidecar/loki/ok_answer.h"

namespace telltale {
namespace {

constexpr std::chrono::seconds kMaxRetryAfter{600};
// A store or proxy that takes no requests of this size, the smallest loki.batchBytes, takes none at
// all: no line is the reason.
constexpr std::size_t kSmallestLimit = 4 << 10;

using Kind = PushAnswer::Kind;

// A text of the store's validation errors, what it means, and the name that Loki's own metrics give
// it, but for those that other tools know by a shorter one. `each_line`: the sentence is about one
// line; else about a stream.
struct Refusal {
  std::string_view text;
  Kind kind;
  std::string_view reason;
  bool each_line = false;
};
constexpr Refusal kRefusals[] = {
    {"entry too far behind", Kind::kRefused, "too_far_behind"},
    {"entry out of order", Kind::kRefused, "too_far_behind"},
    {"timestamp too old", Kind::kRefused, "too_old", true},
    {"timestamp too new", Kind::kRefused, "too_new", true},
    {"ax entry size", Kind::kRefused, "line_too_long", true},
    {"structured metadata, but this feature is disallowed", Kind::kNoMetadata, "limit_exceeded"},
    {"structured metadata too large", Kind::kRefused, "limit_exceeded", true},
    {"too many structured metadata labels", Kind::kRefused, "limit_exceeded", true},
    {"rror parsing labels", Kind::kStreamRefused, "invalid_labels"},
    {"couldn't parse labels", Kind::kStreamRefused, "invalid_labels"},
    {"duplicate label name", Kind::kStreamRefused, "invalid_labels"},
    {"label names; limit", Kind::kStreamRefused, "invalid_labels"},
    {"label name too long", Kind::kStreamRefused, "invalid_labels"},
    {"label value too long", Kind::kStreamRefused, "invalid_labels"},
    {"at least one label", Kind::kStreamRefused, "invalid_labels"},
    {"missing required labels", Kind::kStreamRefused, "invalid_labels"},
    {"proto: ", Kind::kUnreadable, "invalid_push"},
    {"snappy: ", Kind::kUnreadable, "invalid_push"},
};
constexpr Refusal kUnknown{"", Kind::kUnclear, "rejected"};

// What a 400 says that no line is the reason of: a person must change loki.url or the tenant.
constexpr std::string_view kWrongSettings[] = {
    "HTTP request to an HTTPS server",          // Go
    "HTTP request was sent to HTTPS port",      // nginx
    "unsupported path requested",               // VictoriaLogs, without /insert in the URL
    "cannot parse common params from request",  // VictoriaLogs, whose tenants are numbers
};

// What a 429 says about one stream; all others are about the tenant.
constexpr std::string_view kStreamLimits[] = {"er stream rate limit exceeded",
                                              "aximum active stream limit exceeded"};

// The store speaks plain text. A page or an object is of something in front of it.
bool IsPage(const HttpResponse& response) {
  const std::string* type = FindHeader(response.headers, "Content-Type");
  if (type != nullptr && type->find("html") != type->npos) return true;
  return Trim(response.body).starts_with('<');
}

bool IsObject(std::string_view body) { return Trim(body).starts_with('{'); }

const Refusal& RefusalOf(std::string_view body) {
  for (const Refusal& refusal : kRefusals) {
    if (body.find(refusal.text) != body.npos) return refusal;
  }
  return kUnknown;
}

bool HasOneOf(std::string_view body, std::span<const std::string_view> texts) {
  return std::any_of(texts.begin(), texts.end(),
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

// How many of `lines` the answer says were not stored; nullopt where it does not say.
std::optional<std::uint64_t> IgnoredLines(std::string_view body, const Refusal& refusal,
                                          std::uint64_t lines) {
  // The ingester: "total ignored: N out of M for stream". The distributor has taken out lines
  // before, of which it then does not speak: M is less by them, unless M is but one shard.
  constexpr std::string_view kIgnored = "total ignored: ";
  const std::string_view total = body.substr(std::min(body.find(kIgnored), body.size()));
  auto ignored = NumberAfter(total, kIgnored);
  auto arrived = NumberAfter(total, " out of ");
  if (ignored && arrived && *ignored <= *arrived && *arrived <= lines) {
    bool sharded = body.find("__stream_shard__") != body.npos;
    return sharded ? *ignored : *ignored + (lines - *arrived);
  }
  if (!refusal.each_line) return std::nullopt;
  // The distributor alone: "N errors like: entry ...; N errors like: entry ...", but a single error
  // without the number.
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

// A date is compared with the answer's own Date, so that a wrong clock here does no harm.
std::chrono::milliseconds RetryAfter(const HttpResponse& response) {
  const std::string* header = FindHeader(response.headers, "Retry-After");
  if (header == nullptr) return {};
  const std::string* date = FindHeader(response.headers, "Date");
  const auto sent = date == nullptr ? std::nullopt : ParseHttpDate(Trim(*date));
  const auto wait = ParseRetryAfter(Trim(*header), sent.value_or(std::time(nullptr)));
  return std::clamp(wait.value_or(std::chrono::seconds(0)), std::chrono::seconds(0),
                    kMaxRetryAfter);
}

// 200 is for stores that say something with it.
Kind KindOf200(const HttpResponse& response) {
  if (IsPage(response)) return Kind::kRetrySlowly;
  return SaysStored(response.body) ? Kind::kStored : Kind::kUnclear;
}

// Whether a request of so many bytes with one line can be above the limit of a store that works.
bool MayBeTooLarge(std::uint64_t lines, std::size_t bytes) {
  return lines > 1 || bytes >= kSmallestLimit;
}

void ReadRefusal(const HttpResponse& response, std::uint64_t lines, PushAnswer& out) {
  if (IsPage(response) || HasOneOf(response.body, kWrongSettings)) {
    out.kind = Kind::kRetrySlowly;
    return;
  }
  const Refusal& refusal = IsObject(response.body) ? kUnknown : RefusalOf(response.body);
  out.kind = refusal.kind;
  out.reason = refusal.reason;
  out.maybe_stored = refusal.kind != Kind::kUnclear && refusal.kind != Kind::kUnreadable;
  if (refusal.kind != Kind::kRefused) return;
  out.out_of_order = response.body.find("out of order") != std::string::npos;
  const auto ignored = IgnoredLines(response.body, refusal, lines);
  if (ignored || lines <= 1) {
    out.lost_lines = ignored.value_or(lines);
  } else {
    out.kind = Kind::kTooLarge;  // divided, until it is about one line
  }
}

}  // namespace

PushAnswer ReadPushAnswer(const HttpResponse& response, std::uint64_t lines, std::size_t bytes) {
  PushAnswer out;
  out.retry_after = RetryAfter(response);
  out.sent_twice = response.sent_twice;
  switch (response.status) {
    case 200:
      out.kind = KindOf200(response);
      break;
    case 204:
      out.kind = Kind::kStored;
      break;
    case 400:
    case 422:
      ReadRefusal(response, lines, out);
      break;
    case 413:
      out.kind = MayBeTooLarge(lines, bytes) ? Kind::kTooLarge : Kind::kUnclear;
      out.reason = "too_large";
      break;
    case 429:
      out.kind =
          HasOneOf(response.body, kStreamLimits) ? Kind::kStreamLimited : Kind::kTenantLimited;
      out.maybe_stored = out.kind == Kind::kStreamLimited;
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
      out.maybe_stored = out.kind == Kind::kRetry;
      // gRPC's limit between Loki's own parts is not mapped to 413.
      if (response.status >= 500 &&
          response.body.find("larger than max") != std::string_view::npos) {
        out.kind = Kind::kTooLarge;
        out.reason = "too_large";
      }
  }
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "operator/model/decode.h"
#include "operator/model/monitoring_target.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxPolls = 16;  // the sidecar's own limit

Status DecodeScheme(JsonValue value, bool& tls) {
  std::string scheme = "http";
  TELLTALE_TRY(decode::Text(value, scheme));
  if (scheme != "http" && scheme != "https") return decode::Wrong("must be http or https");
  tls = scheme == "https";
  return {};
}

Status DecodePort(JsonValue value, std::int64_t& out) {
  TELLTALE_TRY(decode::Whole(value, out));
  if (out < 1 || out > 65'535) return decode::Wrong("must be a port, 1 to 65535");
  return {};
}

// It becomes a part of a URL.
Status DecodePath(JsonValue value, std::string& out) {
  TELLTALE_TRY(decode::Text(value, out));
  const bool printable =
      std::ranges::all_of(out, [](char c) { return c > ' ' && c <= '~' && c != '#'; });
  if (out.starts_with('/') && printable) return {};
  return decode::Wrong("must be a path such as /health?full=1, percent-encoded");
}

Status DecodeStatuses(JsonValue value, std::vector<std::int64_t>& out) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::int64_t status = 0;
    TELLTALE_TRY(decode::Whole(item, status));
    if (status < 100 || status > 599) return decode::Wrong("must be an HTTP status, 100 to 599");
    out.push_back(status);
    return {};
  });
}

Status DecodeBody(JsonValue value, std::string& out) {
  TELLTALE_TRY(decode::Text(value, out));
  if (out.empty()) return {};
  if (auto regex = Regex::Compile(out); !regex) return decode::Wrong(regex.error().message);
  return {};
}

Status DecodeDuration(JsonValue value, std::int64_t least, std::int64_t most, std::int64_t& out) {
  TELLTALE_TRY(decode::DurationMs(value, out));
  if (value.type() == JsonValue::Type::kNull || (out >= least && out <= most)) return {};
  return decode::Wrong("is out of its bounds");
}

Status DecodePoll(JsonValue value, HttpPollSpec& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "port") return DecodePort(member, out.port);
    if (key == "path") return DecodePath(member, out.path);
    if (key == "scheme") return DecodeScheme(member, out.tls);
    if (key == "insecureSkipVerify") return decode::Flag(member, out.insecure_skip_verify);
    if (key == "interval") return DecodeDuration(member, 1'000, 3'600'000, out.interval_ms);
    if (key == "timeout") return DecodeDuration(member, 10, 60'000, out.timeout_ms);
    if (key == "status") return DecodeStatuses(member, out.status);
    if (key == "body") return DecodeBody(member, out.body);
    return {};
  }));
  if (out.name.empty()) return decode::In("name", decode::Wrong("is required"));
  if (out.port == 0) return decode::In("port", decode::Wrong("is required"));
  return {};
}

}  // namespace

Status DecodeHttpPolls(JsonValue value, std::vector<HttpPollSpec>& out) {
  TELLTALE_TRY(decode::Elements(value, [&](JsonValue item) -> Status {
    HttpPollSpec poll;
    TELLTALE_TRY(DecodePoll(item, poll));
    const bool twice =
        std::ranges::any_of(out, [&](const HttpPollSpec& p) { return p.name == poll.name; });
    if (twice) return decode::In("name", decode::Wrong("is the one of an earlier entry"));
    out.push_back(std::move(poll));
    return {};
  }));
  if (out.size() > kMaxPolls) return decode::Wrong("takes at most 16 entries");
  return {};
}

}  // namespace telltale

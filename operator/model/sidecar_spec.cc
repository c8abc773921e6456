// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "operator/model/decode.h"
#include "operator/model/monitoring_target.h"
#include "operator/model/quantity.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 3> kCollectors = {"process", "network", "filesystem"};
constexpr std::int64_t kYearMs = 365LL * 86'400'000;
constexpr std::array<std::string_view, 2> kResources = {"cpu", "memory"};

Status DecodeMode(JsonValue value, bool& off) {
  std::string mode = "Auto";
  TELLTALE_TRY(decode::Text(value, mode));
  if (mode != "Auto" && mode != "Off") return decode::Wrong("must be Auto or Off");
  off = mode == "Off";
  return {};
}

Status DecodeCollectors(JsonValue value, std::vector<std::string>& out) {
  if (value.type() == JsonValue::Type::kNull) return {};
  out.clear();
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::string name;
    TELLTALE_TRY(decode::Text(item, name));
    if (std::ranges::find(kCollectors, name) == kCollectors.end()) {
      return decode::Wrong("must be process, network or filesystem");
    }
    if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
    return {};
  });
}

Status CheckPushgateway(const PushgatewaySpec& push) {
  const bool expires = push.expire_after_ms != 0;
  if (expires && (push.expire_after_ms < 1'000 || push.expire_after_ms > kYearMs)) {
    return decode::In("expireAfter", decode::Wrong("must be 1s to 8760h"));
  }
  if (push.max_series < 1 || push.max_series > 100'000) {
    return decode::In("maxSeries", decode::Wrong("must be 1 to 100000"));
  }
  return {};
}

Status DecodePushgateway(JsonValue value, PushgatewaySpec& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "expireAfter") return decode::DurationMs(member, out.expire_after_ms);
    if (key != "maxSeries") return {};
    const auto number = member.Int();
    if (!number) return decode::In(key, decode::Wrong("must be a whole number"));
    out.max_series = *number;
    return {};
  }));
  return CheckPushgateway(out);
}

Status DecodePush(JsonValue value, std::optional<PushgatewaySpec>& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "pushgateway" ? DecodePushgateway(member, out.emplace()) : Status();
  });
}

Status DecodeQuantities(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (std::ranges::find(kResources, key) == kResources.end()) return {};
    std::string text;
    TELLTALE_TRY(decode::TextOrNumber(member, text));
    const auto quantity = ParseQuantity(text);
    if (!quantity || *quantity <= 0) {
      return decode::Wrong("must be a quantity such as 100m or 64Mi");
    }
    SetLabel(out, key, text);
    return {};
  });
}

// The API server would refuse every pod that gets such a container.
Status CheckRequestsBelowLimits(const SidecarSpec& sidecar) {
  for (const auto& [name, limit] : sidecar.limits) {
    const std::string* request = FindLabel(sidecar.requests, name);
    if (request && ParseQuantity(*request) > ParseQuantity(limit)) {
      return decode::In(
          "resources",
          decode::In("requests",
                     decode::In(name, decode::Wrong("must not be above the limit of " + limit))));
    }
  }
  return {};
}

}  // namespace

namespace {

Status DecodeTextfile(JsonValue value, SidecarSpec& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "directory") return DecodeSharedDirectory(member, out.textfile_directory);
    if (key == "maxAge") return decode::DurationMs(member, out.textfile_max_age_ms);
    return {};
  }));
  if (value.type() == JsonValue::Type::kNull || !out.textfile_directory.empty()) return {};
  return decode::In("directory", decode::Wrong("is required"));
}

}  // namespace

Status DecodeSidecarSpec(JsonValue value, SidecarSpec& out) {
  out.collectors.assign(kCollectors.begin(), kCollectors.end());
  auto resources = [&](std::string_view key, JsonValue member) -> Status {
    if (key == "requests") return DecodeQuantities(member, out.requests);
    if (key == "limits") return DecodeQuantities(member, out.limits);
    return {};
  };
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "mode") return DecodeMode(member, out.off);
    if (key == "interval") return decode::DurationMs(member, out.interval_ms);
    if (key == "collectors") return DecodeCollectors(member, out.collectors);
    if (key == "http") return DecodeHttpPolls(member, out.http);
    if (key == "textfile") return DecodeTextfile(member, out);
    if (key == "push") return DecodePush(member, out.pushgateway);
    if (key == "resources") return decode::Fields(member, resources);
    return {};
  }));
  if (out.interval_ms < 1'000) return decode::In("interval", decode::Wrong("must be at least 1s"));
  return CheckRequestsBelowLimits(out);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "common/base/ascii.h"
#include "common/base/origin_labels.h"
#include "operator/model/decode.h"
#include "operator/model/metric_filter.h"
#include "operator/model/monitoring_target.h"

namespace telltale {
namespace {

constexpr std::int64_t kMinIntervalMs = 1'000;
constexpr std::int64_t kDefaultTimeoutMs = 10'000;

// Set by Telltale itself: another value would make graphs lie about where a sample came from.
constexpr std::array<std::string_view, 9> kProtected = {
    "app", "cluster", "container", "instance", "job", "namespace", "node", "pod", kTargetLabel};

Status CheckMetricLabel(std::string_view name) {
  // A target's label replaces the sample's: there would be one bucket, or one quantile, and an
  // error.
  if (name == "le" || name == "quantile") {
    return decode::Wrong("the label " + std::string(name) +
                         " is one of histograms and summaries, which would lose it: choose another "
                         "name");
  }
  return decode::UserLabel(name, kProtected);
}

Status DecodePortRef(JsonValue value, PortRef& out) {
  if (auto number = value.Int()) {
    if (*number < 1 || *number > 65535) return decode::Wrong("must be between 1 and 65535");
    out.number = static_cast<int>(*number);
    return {};
  }
  const auto text = value.String();
  if (!text || text->empty()) return decode::Wrong("must be a port name or a number");
  // A port's name has a letter in it, so digits in quotes mean the number.
  if (const auto number = ParseInt(*text)) {
    if (*number < 1 || *number > 65535) return decode::Wrong("must be between 1 and 65535");
    out.number = static_cast<int>(*number);
  } else {
    out.name = *text;
  }
  return {};
}

Status DecodeParams(JsonValue value, Labels& out) {
  TELLTALE_TRY(DecodeStringMap(value, out));
  if (FindLabel(out, "")) return decode::Wrong("has a parameter without a name");
  // Each becomes a label __param_NAME of the document that all share. Prometheus before 3.0 takes
  // only letters, digits and _ there, and refuses the whole document for another name.
  constexpr std::string_view kOthers = "_.:[]-";
  for (const auto& [name, text] : out) {
    const bool good = name.size() <= 64 && std::ranges::all_of(name, [&](char c) {
                        return IsLetterOrDigit(c) || kOthers.find(c) != std::string_view::npos;
                      });
    if (!good) {
      return decode::Wrong("has a parameter whose name is not 1 to 64 letters, digits and _.:[]-");
    }
  }
  return {};
}

Status CheckTimes(std::int64_t interval, std::int64_t timeout) {
  if (interval < kMinIntervalMs)
    return decode::In("interval", decode::Wrong("must be at least 1s"));
  if (timeout < 1) return decode::In("timeout", decode::Wrong("must be longer than 0s"));
  if (timeout > interval) {
    return decode::In("timeout", decode::Wrong("must not be longer than the interval"));
  }
  return {};
}

Status DecodeScheme(JsonValue value, bool& https) {
  std::string text;
  TELLTALE_TRY(decode::Text(value, text));
  https = text == "https";
  return https || text == "http" ? Status() : decode::Wrong("must be http or https");
}

// It becomes a part of a job's name and of a URL.
Status DecodeClass(JsonValue value, std::string& out) {
  TELLTALE_TRY(decode::Text(value, out));
  if (IsScrapeClass(out)) return {};
  return decode::Wrong("is not the name of a class: 1 to 63 lower case letters, digits and -");
}

Status DecodeEndpoint(JsonValue value, Endpoint& out) {
  std::int64_t timeout = -1;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "port") return DecodePortRef(member, out.port);
    if (key == "container") return decode::Text(member, out.container);
    if (key == "path") return decode::Text(member, out.path);
    if (key == "params") return DecodeParams(member, out.params);
    if (key == "interval") return decode::DurationMs(member, out.interval_ms);
    if (key == "timeout") return decode::DurationMs(member, timeout);
    if (key == "scheme") return DecodeScheme(member, out.https);
    if (key == "class") return DecodeClass(member, out.scrape_class);
    if (key == "metrics") return DecodeMetricFilter(member, out.filter);
    if (key == "nativeHistograms") return decode::Flag(member, out.native_histograms);
    return {};
  }));
  if (out.port.number == 0 && out.port.name.empty()) {
    return decode::In("port", decode::Wrong("is required: a port name or a number"));
  }
  if (!out.path.starts_with('/')) return decode::In("path", decode::Wrong("must start with /"));
  out.timeout_ms = timeout == -1 ? std::min(kDefaultTimeoutMs, out.interval_ms) : timeout;
  return CheckTimes(out.interval_ms, out.timeout_ms);
}

Status DecodeFromPod(JsonValue value, FromPodLabel& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "from") return decode::Text(member, out.from);
    if (key == "to") return decode::Text(member, out.to);
    return {};
  }));
  if (out.from.empty()) return decode::In("from", decode::Wrong("names no label of the pod"));
  return decode::In("to", CheckMetricLabel(out.to));
}

Status DecodeMetadata(JsonValue value, MetricsSpec& out) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::string_view name;
    TELLTALE_TRY(decode::Text(item, name));
    out.workload |= name == "workload";
    out.workload_type |= name == "workloadKind";
    if (name == "workload" || name == "workloadKind") return {};
    return decode::Wrong("must be workload or workloadKind");
  });
}

Status DecodeStatic(JsonValue value, Labels& out) {
  TELLTALE_TRY(DecodeStringMap(value, out));
  for (const auto& [name, text] : out) TELLTALE_TRY(CheckMetricLabel(name));
  return {};
}

}  // namespace

bool IsScrapeClass(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Status DecodeMetricsSpec(JsonValue value, MetricsSpec& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "endpoints") {
      return decode::Elements(member, [&](JsonValue item) -> Status {
        return DecodeEndpoint(item, out.endpoints.emplace_back());
      });
    }
    if (key == "job") return decode::Text(member, out.job);
    if (key != "labels") return {};
    return decode::Fields(member, [&](std::string_view name, JsonValue part) -> Status {
      if (name == "static") return DecodeStatic(part, out.static_labels);
      if (name == "metadata") return DecodeMetadata(part, out);
      if (name != "fromPod") return {};
      return decode::Elements(part, [&](JsonValue item) -> Status {
        return DecodeFromPod(item, out.from_pod.emplace_back());
      });
    });
  }));
  if (out.endpoints.empty()) {
    return decode::In("endpoints", decode::Wrong("needs at least one endpoint"));
  }
  return {};
}

}  // namespace telltale

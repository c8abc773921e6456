// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/plan/world_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "operator/model/decode.h"

namespace telltale {
namespace {

Status DecodeTargetLeniently(JsonValue value, MonitoringTarget& out) {
  const Status status = DecodeMonitoringTarget(value, out);
  return out.meta.name.empty() ? status : Status();
}

template <class T>
Status DecodeAll(JsonValue value, Status (*decode_one)(JsonValue, T&),
                 std::vector<std::shared_ptr<const T>>& out) {
  TELLTALE_TRY(decode::Elements(value, [&](JsonValue item) -> Status {
    auto object = std::make_shared<T>();
    TELLTALE_TRY(decode_one(item, *object));
    out.push_back(std::move(object));
    return {};
  }));
  std::ranges::sort(out, {}, [](const auto& object) { return object->meta.Key(); });
  return {};
}

// `name` is "target|uid|endpoint".
void AddReport(std::string_view name, ScrapeState state, std::string_view error,
               PrometheusView& view) {
  const std::size_t uid = name.find('|'), endpoint = name.rfind('|');
  ASSERT_TRUE(uid < endpoint && endpoint != std::string_view::npos) << name;
  view.Add(name.substr(0, uid), name.substr(uid + 1, endpoint - uid - 1), name.substr(endpoint + 1),
           name.substr(0, name.find('/')), state, error);
}

Status DecodeView(JsonValue value, PrometheusView& out) {
  out.known = true;
  std::vector<std::string> up, logging, forbidden;
  std::vector<std::string> no_files, empty, refused;
  Labels down, stalled, unreadable, generations;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "up") return decode::Texts(member, up);
    if (key == "down") return DecodeStringMap(member, down);
    if (key == "logging") return decode::Texts(member, logging);
    if (key == "forbidden") return decode::Texts(member, forbidden);
    if (key == "stalled") return DecodeStringMap(member, stalled);
    if (key == "noFiles") return decode::Texts(member, no_files);
    if (key == "empty") return decode::Texts(member, empty);
    if (key == "refused") return decode::Texts(member, refused);
    if (key == "unreadable") return DecodeStringMap(member, unreadable);
    if (key == "generations") return DecodeStringMap(member, generations);
    if (key == "agent") {
      out.AddNodeAgent();
      return {};
    }
    if (key != "error") return decode::Wrong("is no part of prometheus");
    out.known = false;
    return decode::Text(member, out.error);
  }));
  for (const auto& name : up) AddReport(name, ScrapeState::kUp, "", out);
  for (const auto& [name, error] : down) AddReport(name, ScrapeState::kDown, error, out);
  const auto ns = [](std::string_view pod) { return pod.substr(0, pod.find('/')); };
  const auto name = [](std::string_view pod) { return pod.substr(pod.find('/') + 1); };
  for (const auto& pod : logging) out.AddLogging(ns(pod), name(pod));
  for (const auto& pod : forbidden) out.AddForbidden(ns(pod), name(pod));
  for (const auto& [pod, since] : stalled) {
    out.AddStalled(ns(pod), name(pod), ParseRfc3339(since).value_or(0) / 1'000'000'000);
  }
  for (const auto& [pod, reason] : unreadable) out.AddUnreadable(ns(pod), name(pod), reason);
  for (const auto& pod : no_files) out.AddNoFiles(ns(pod), name(pod));
  // "pod|job|instance" and "target|pod".
  const auto split = [](const std::string& text) {
    const std::size_t bar = text.find('|');
    return std::pair(text.substr(0, bar), text.substr(bar + 1));
  };
  for (const auto& text : empty) {
    const auto [pod, page] = split(text);
    const auto [job, instance] = split(page);
    out.AddEmpty(ns(pod), name(pod), job, instance);
  }
  for (const auto& text : refused) {
    const auto [target, pod] = split(text);
    out.AddRefused(target, ns(pod), name(pod));
  }
  for (const auto& [target, lowest] : generations) {
    out.AddGeneration(target, ParseInt(lowest).value_or(0));
  }
  out.Seal();
  return {};
}

template <class T>
std::shared_ptr<const T> ParseOne(const std::string& json, Status (*decode_one)(JsonValue, T&)) {
  auto object = std::make_shared<T>();
  JsonParser parser;
  const Status status =
      parser.Parse(json, [&](JsonValue root) { return decode_one(root, *object); });
  EXPECT_TRUE(status.ok()) << status.error().message << "\n" << json;
  return object;
}

}  // namespace

WorldFile ParseWorld(const std::string& json) {
  WorldFile file;
  World& world = file.world;
  JsonParser parser;
  const Status status = parser.Parse(json, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "targets") return DecodeAll(member, DecodeTargetLeniently, world.targets);
      if (key == "pods") return DecodeAll(member, DecodePod, file.pods);
      if (key == "namespaces") return DecodeAll(member, DecodeNamespace, world.namespaces);
      if (key == "prometheus") return DecodeView(member, file.view);
      if (key != "trusted") return decode::Wrong("is no part of a world");
      std::vector<std::string> trusted;
      TELLTALE_TRY(decode::Texts(member, trusted));
      world.trusted_namespaces.insert(trusted.begin(), trusted.end());
      return {};
    });
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return file;
}

std::shared_ptr<const MonitoringTarget> ParseTarget(const std::string& json) {
  return ParseOne<MonitoringTarget>(json, DecodeMonitoringTarget);
}

std::shared_ptr<const Pod> ParsePod(const std::string& json) {
  return ParseOne<Pod>(json, DecodePod);
}

}  // namespace telltale

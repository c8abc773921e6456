// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/sidecar_config.h"

#include <algorithm>
#include <array>

#include "common/text/json_writer.h"
#include "operator/plan/configs/sidecar_stages.h"
#include "operator/plan/duration_text.h"
#include "operator/plan/matching.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 3> kAllCollectors = {"process", "network", "filesystem"};

void WriteGlobs(JsonWriter& writer, std::string_view key, const std::string& directory,
                const std::vector<std::string>& globs) {
  writer.Key(key).BeginArray();
  for (const auto& glob : globs) writer.String(directory + "/" + glob);
  writer.EndArray();
}

void WriteNames(JsonWriter& writer, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  writer.Key(key).BeginArray();
  for (const auto& name : names) writer.String(name);
  writer.EndArray();
}

void WriteLogs(JsonWriter& writer, const LogsSpec& logs, const SidecarConfigOptions& options) {
  writer.Key("loki").BeginObject().Field("url", options.loki_url);
  if (!options.loki_tenant.empty()) writer.Field("tenant", options.loki_tenant);
  if (options.loki_credentials) writer.Field("credentials", kLokiCredentialsPath);
  writer.EndObject();
  if (!options.alertmanager_url.empty()) {
    writer.Key("alertmanager").BeginObject();
    writer.Field("url", options.alertmanager_url).EndObject();
  }
  writer.Key("logs").BeginArray().BeginObject();
  if (logs.source == LogsSpec::Source::kStdout) {
    writer.Key("stdout").BeginObject();
    WriteNames(writer, "include", logs.containers);
    WriteNames(writer, "exclude", logs.exclude_containers);
    writer.EndObject();
  } else {
    writer.Key("files").BeginObject();
    WriteGlobs(writer, "include", logs.directory, logs.include);
    WriteGlobs(writer, "exclude", logs.directory, logs.exclude);
    writer.EndObject();
  }
  writer.Key("labels").BeginObject();
  for (const auto& [name, value] : logs.labels) writer.Field(name, value);
  writer.EndObject();
  if (!logs.tenant.empty()) writer.Field("tenant", logs.tenant);
  if (!logs.pipeline.empty()) {
    writer.Key("pipeline");
    WriteSidecarStages(logs.pipeline, writer);
  }
  writer.EndObject().EndArray();
}

// The containers of a pod share their loopback interface; localhost is both of its addresses.
void WritePolls(JsonWriter& writer, const std::vector<HttpPollSpec>& polls) {
  writer.Key("http").BeginObject().Key("polls").BeginArray();
  for (const HttpPollSpec& poll : polls) {
    writer.BeginObject().Field("name", poll.name);
    writer.Field("url", (poll.tls ? "https://localhost:" : "http://localhost:") +
                            std::to_string(poll.port) + poll.path);
    if (poll.interval_ms > 0) writer.Field("interval", DurationText(poll.interval_ms));
    writer.Field("timeout", DurationText(poll.timeout_ms));
    if (!poll.status.empty()) {
      writer.Key("status").BeginArray();
      for (const std::int64_t status : poll.status) writer.Int(status);
      writer.EndArray();
    }
    if (!poll.body.empty()) writer.Field("body", poll.body);
    if (poll.insecure_skip_verify) {
      writer.Key("tls").BeginObject().Key("insecureSkipVerify").Bool(true).EndObject();
    }
    writer.EndObject();
  }
  writer.EndArray().EndObject();
}

// A target that asks for logs alone gets the default collectors with them.
void WriteCollectors(JsonWriter& writer, const std::optional<SidecarSpec>& sidecar) {
  writer.Key("collectors").BeginObject();
  for (const auto name : kAllCollectors) {
    const bool asked =
        !sidecar || std::ranges::find(sidecar->collectors, name) != sidecar->collectors.end();
    if (asked) writer.Key(name).BeginObject().EndObject();
  }
  if (sidecar && !sidecar->http.empty()) WritePolls(writer, sidecar->http);
  if (sidecar && !sidecar->textfile_directory.empty()) {
    writer.Key("textfile").BeginObject().Field("directory", sidecar->textfile_directory);
    if (sidecar->textfile_max_age_ms > 0) {
      writer.Field("maxAge", DurationText(sidecar->textfile_max_age_ms));
    }
    writer.EndObject();
  }
  writer.EndObject();
}

void WritePushgateway(JsonWriter& writer, const PushgatewaySpec& push) {
  writer.Key("push").BeginObject().Key("pushgateway").BeginObject();
  if (push.expire_after_ms > 0) writer.Field("expireAfter", DurationText(push.expire_after_ms));
  writer.Key("maxSeries").Int(push.max_series);
  writer.EndObject().EndObject();
}

std::string RenderKey(const MonitoringTarget& target, const SidecarConfigOptions& options) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Key("selector");
  WriteLabelSelector(target.selector, writer);
  writer.Key("generation").Int(target.meta.generation);
  writer.Key("config").BeginObject();
  writer.Key("version").Int(1);
  const SidecarSpec defaults;
  const SidecarSpec& sidecar = target.sidecar ? *target.sidecar : defaults;
  writer.Field("interval", DurationText(sidecar.interval_ms));
  const bool files = target.logs && target.logs->collector == LogsSpec::Collector::kSidecar;
  if (files && !options.loki_url.empty()) WriteLogs(writer, *target.logs, options);
  WriteCollectors(writer, target.sidecar);
  if (sidecar.pushgateway) WritePushgateway(writer, *sidecar.pushgateway);
  writer.EndObject().EndObject();
  return json;
}

bool HasConfig(const MonitoringTarget& target) {
  return target.WantsSidecar() && (!target.selector.empty() || target.selector.match_all);
}

constexpr std::string_view kSuffix = ".json";

}  // namespace

std::string SidecarConfigKey(const ObjectMeta& target) {
  return std::string(target.ns).append(".").append(target.name).append(kSuffix);
}

std::string TargetOfSidecarConfigKey(std::string_view key) {
  std::string target(key.substr(0, key.size() - std::min(key.size(), kSuffix.size())));
  if (const std::size_t dot = target.find('.'); dot != std::string::npos) target[dot] = '/';
  return target;
}

std::map<std::string, std::string> PlanSidecarConfig(const World& world, const std::string& ns,
                                                     const SidecarConfigOptions& options) {
  const auto found =
      std::ranges::find(world.namespaces, ns, [](const auto& entry) { return entry->meta.name; });
  const Labels* labels = found == world.namespaces.end() ? nullptr : &(*found)->meta.labels;
  std::map<std::string, std::string> config;
  for (const auto& target : world.targets) {
    if (!HasConfig(*target)) continue;
    // As SelectedNamespaces: its own namespace always, others only when they exist.
    const bool looks = target->namespaces
                           ? labels && LooksInto(*target, ns, *labels, world.trusted_namespaces)
                           : target->meta.ns == ns;
    if (looks) config[SidecarConfigKey(target->meta)] = RenderKey(*target, options);
  }
  return config;
}

std::map<std::string, std::map<std::string, std::string>> PlanSidecarConfigs(
    const World& world, const SidecarConfigOptions& options) {
  std::map<std::string, std::map<std::string, std::string>> configs;
  for (const auto& target : world.targets) {
    if (!HasConfig(*target)) continue;
    const std::string key = SidecarConfigKey(target->meta);
    const std::string json = RenderKey(*target, options);
    for (const auto& ns : SelectedNamespaces(*target, world)) configs[ns][key] = json;
  }
  return configs;
}

}  // namespace telltale

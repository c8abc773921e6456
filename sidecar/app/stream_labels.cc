// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/stream_labels.h"

#include <algorithm>
#include <iterator>

#include "common/base/log.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/podlog/pod_logs.h"
#include "sidecar/poll/poll_access.h"

namespace telltale {
namespace {

LogSource::Format ToFormat(LogFormat format) {
  switch (format) {
    case LogFormat::kAuto:
      return LogSource::Format::kAuto;
    case LogFormat::kCri:
      return LogSource::Format::kCri;
    case LogFormat::kDocker:
      return LogSource::Format::kDocker;
    case LogFormat::kPlain:
      return LogSource::Format::kPlain;
  }
  return LogSource::Format::kAuto;
}

void Overlay(const Labels& from, Labels& to) {
  for (const auto& [name, value] : from) SetLabel(to, name, value);
}

bool ReadsOutput(const LogFilesConfig& logs, const std::string& container) {
  const auto in = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, container) != names.end();
  };
  return logs.output && (logs.containers.empty() || in(logs.containers)) &&
         !in(logs.exclude_containers);
}

LogSource Labelled(LogSource source, const PodInfo& pod) {
  Overlay(IdentityLabels(pod), source.labels);
  // Loki forgets labels without a value; here they would only make two names for one stream.
  std::erase_if(source.labels, [](const auto& label) { return label.second.empty(); });
  return source;
}

}  // namespace

std::vector<std::string> OutputContainers(const SidecarConfig& config, const PodInfo& pod) {
  std::vector<std::string> names;
  std::ranges::copy_if(pod.containers, std::back_inserter(names), [&](const std::string& name) {
    return std::ranges::any_of(config.logs,
                               [&](const auto& logs) { return ReadsOutput(logs, name); });
  });
  return names;
}

std::vector<LogSource> LogSources(const SidecarConfig& config, const PodInfo& pod) {
  std::vector<LogSource> sources;
  for (const LogFilesConfig& logs : config.logs) {
    LogSource source;
    source.include = logs.include;
    source.exclude = logs.exclude;
    source.format = ToFormat(logs.format);
    source.tenant = logs.tenant;
    for (const std::string& target : logs.targets) source.owners.push_back({target});
    source.max_line_size = static_cast<std::size_t>(
        logs.max_line_bytes > 0 ? logs.max_line_bytes : config.loki.max_line_bytes);
    source.ignore_older = std::chrono::seconds(logs.ignore_older_ms / 1'000);
    if (!logs.pipeline.stages.empty()) {
      auto compiled = Pipeline::Compile(logs.pipeline);
      // The decoder has compiled the same; only a time zone can have vanished since.
      if (compiled) {
        source.pipeline = *compiled;
      } else {
        LogError("the stages of a log pipeline do not compile: its lines go out as they are",
                 {{"error", compiled.error().message}});
      }
    }
    source.labels = config.labels;
    Overlay(logs.labels, source.labels);
    if (!logs.output) {
      sources.push_back(Labelled(std::move(source), pod));
      continue;
    }
    PodInfo as = pod;
    for (const std::string& container : pod.containers) {
      if (!ReadsOutput(logs, container)) continue;
      as.container = container;
      source.include = {SpoolPath(std::string(config.StateDir()), container)};
      source.format = LogSource::Format::kCri;
      sources.push_back(Labelled(source, as));
    }
  }
  return sources;
}

std::vector<AlertTarget> AlertTargets(const AlertmanagerConfig& config) {
  std::vector<AlertTarget> targets;
  for (const std::string& url : config.urls) targets.push_back({url, AccessOf(config.access)});
  return targets;
}

PushedFamilies FamiliesOf(const std::shared_ptr<const TextfilePage>& files) {
  PushedFamilies families;
  if (files == nullptr) return families;
  for (const MergedFamily& from : files->families) {
    PushedFamily& family = families.emplace_back();
    family.name = from.name;
    family.help = from.help;
    family.type = from.type;
    family.of_files = from.parts;
  }
  return families;
}

std::optional<PushOptions> PushOptionsOf(const SidecarConfig& config) {
  if (!config.pushgateway) return {};
  const PushgatewayConfig& from = *config.pushgateway;
  PushOptions options;
  options.limits.max_series = static_cast<std::size_t>(from.max_series);
  options.limits.max_groups = static_cast<std::size_t>(from.max_groups);
  options.limits.expire_after = std::chrono::milliseconds(from.expire_after_ms);
  options.max_body = static_cast<std::size_t>(from.max_body);
  return options;
}

LogPipelineOptions PipelineOptions(const SidecarConfig& config) {
  LogPipelineOptions options;
  options.loki_url = config.loki.url;
  options.tenant = config.loki.tenant;
  options.access = AccessOf(config.loki.access);
  options.max_age = std::chrono::seconds(config.loki.max_age_ms / 1'000);
  options.request_timeout = std::chrono::milliseconds(config.loki.timeout_ms);
  options.max_labels = static_cast<std::size_t>(config.loki.max_labels);
  options.batch_bytes = static_cast<std::size_t>(config.loki.batch_bytes);
  options.batch_wait = std::chrono::milliseconds(config.loki.batch_wait_ms);
  options.file_limits = {static_cast<std::size_t>(config.log_limits.open_files),
                         static_cast<std::uint64_t>(config.log_limits.deleted_bytes)};
  options.state_dir = std::string(config.StateDir());
  return options;
}

}  // namespace telltale

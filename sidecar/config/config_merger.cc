// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_merger.h"

#include <algorithm>
#include <utility>

namespace telltale {
namespace {

template <class T>
void AppendNew(const std::vector<T>& from, std::vector<T>& to) {
  for (const T& item : from) {
    if (std::ranges::find(to, item) == to.end()) to.push_back(item);
  }
}

}  // namespace

void ConfigMerger::Add(const std::string& name, const std::string& target,
                       const SidecarConfig& config) {
  AddLogs(target, config.logs);
  AppendNew(config.reload, out_.reload);
  AppendNew(config.collectors, out_.collectors);
  std::ranges::sort(out_.collectors);
  std::vector<std::string> kept;
  MergeCollectors(config.collector_settings, out_.collector_settings, kept);
  for (const std::string& what : kept) Warn(name, what);
  if (config.interval_ms != 0 && (out_.interval_ms == 0 || config.interval_ms < out_.interval_ms)) {
    out_.interval_ms = config.interval_ms;
  }
  out_.log_cycle = out_.log_cycle || config.log_cycle;
  FirstWins(name, "listen", config.listen, out_.listen);
  FirstWins(name, "state", config.state_dir, out_.state_dir);
  if (out_.log_limits == LogLimitsConfig{}) out_.log_limits = config.log_limits;
  FirstWins(name, "pods.operator", config.pods.operator_url, out_.pods.operator_url);
  FirstWins(name, "pods.directory", config.pods.directory, out_.pods.directory);
  if (out_.pods.link_targets.empty()) out_.pods.link_targets = config.pods.link_targets;
  if (!out_.pushgateway) {
    out_.pushgateway = config.pushgateway;
  } else if (config.pushgateway && config.pushgateway != out_.pushgateway) {
    Warn(name, "push.pushgateway");
  }
  AddLastSample(name, config.last_sample);
  AddLoki(name, config);
  AddLabels(name, config.labels);
}

void ConfigMerger::AddLastSample(const std::string& name, const LastSampleConfig& from) {
  if (from.urls.empty()) return;
  LastSampleConfig& to = out_.last_sample;
  if (to.urls.empty()) {
    to = from;
    return;
  }
  if (from.urls != to.urls || from.access != to.access) Warn(name, "lastSample.urls");
  to.interval_ms = std::min(to.interval_ms, from.interval_ms);
  AppendNew(from.pages, to.pages);
}

// An entry that several MonitoringTargets have is read once, for all of them.
void ConfigMerger::AddLogs(const std::string& target, const std::vector<LogFilesConfig>& from) {
  for (LogFilesConfig logs : from) {
    const auto same = std::ranges::find_if(out_.logs, [&](const LogFilesConfig& known) {
      logs.targets = known.targets;
      return logs == known;
    });
    const bool is_new = same == out_.logs.end();
    if (is_new) {
      logs.targets.clear();
      out_.logs.push_back(std::move(logs));
    }
    std::vector<std::string>& targets = is_new ? out_.logs.back().targets : same->targets;
    if (!target.empty()) AppendNew(std::vector<std::string>{target}, targets);
  }
}

void ConfigMerger::AddLoki(const std::string& name, const SidecarConfig& config) {
  if (out_.loki.url.empty()) {
    out_.loki = config.loki;
  } else if (!config.loki.url.empty() && config.loki != out_.loki) {
    Warn(name, "loki");
  }
  if (out_.alertmanager.urls.empty()) {
    out_.alertmanager = config.alertmanager;
  } else if (!config.alertmanager.urls.empty() && config.alertmanager != out_.alertmanager) {
    Warn(name, "alertmanager");
  }
}

void ConfigMerger::AddLabels(const std::string& name, const Labels& labels) {
  for (const auto& [key, value] : labels) {
    const std::string* before = FindLabel(out_.labels, key);
    if (before == nullptr) {
      SetLabel(out_.labels, key, value);
    } else if (*before != value) {
      Warn(name, "labels." + key);
    }
  }
}

void ConfigMerger::FirstWins(const std::string& name, const std::string& what,
                             const std::string& from, std::string& to) {
  if (to.empty()) {
    to = from;
  } else if (!from.empty() && from != to) {
    Warn(name, what);
  }
}

void ConfigMerger::Warn(const std::string& name, const std::string& what) {
  warnings_.push_back(name + ": " + what +
                      " differs from the one of an earlier file, which stays in effect");
}

}  // namespace telltale

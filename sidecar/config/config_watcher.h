// SPDX-License-Identifier: Apache-2.0
//
// Follows the configuration while the sidecar runs. Kubelet replaces a mounted ConfigMap by
// renaming the symlink ..data, editors rename over a file: both are seen by inotify on the folder;
// a sweep every 10 s finds what inotify cannot (network mounts, a folder made later). A bad
// configuration keeps the last good one, is logged, counted and shown in
// telltale_config_last_reload_successful.
//
// Owned by the main loop, which polls fd() and calls Check; one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/metrics/registry.h"
#include "sidecar/config/config_source.h"

namespace telltale {

inline constexpr std::chrono::seconds kConfigSweep{10};

class ConfigWatcher {
 public:
  ConfigWatcher(std::string path, std::string pod_info, Registry& registry, Clock& clock);

  // Reads everything again. True when what is in effect changed, always so the first time.
  bool Check();

  const LoadedConfig& current() const { return current_; }
  // Readable when something changed in a watched folder; -1 when the system has no inotify left.
  int fd() const { return inotify_.get(); }
  // Check is due then even when fd() stayed silent.
  SteadyTime NextSweep() const { return last_check_ + kConfigSweep; }

 private:
  void Watch();
  void DrainEvents();
  void Publish();

  const std::string path_, pod_info_;
  Registry& registry_;
  Clock& clock_;
  Gauge& successful_;
  Gauge& success_time_;
  Counter& reloads_;
  Counter& failures_;
  UniqueFd inotify_;
  SteadyTime last_check_{};
  ConfigSource source_;
  std::optional<ConfigTexts> texts_;
  LoadedConfig current_;
  std::string published_hash_;
};

}  // namespace telltale

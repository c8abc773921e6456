// SPDX-License-Identifier: Apache-2.0
//
// Follows the configuration while the sidecar runs. The kubelet replaces a mounted ConfigMap by
// renaming the symlink ..data, and editors rename over a file: inotify on the folder reports both.
// A sweep every 10 s finds changes that inotify cannot report (network mounts, a folder made
// later). A refused configuration keeps the last good one; it is logged, counted, and shown in
// telltale_config_last_reload_successful and telltale_config_target_refused.
//
// Owned by the main loop, which polls fd() and calls Check; one thread.
#pragma once

#include <chrono>
#include <map>
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

  // Reads everything again. True if the configuration in effect changed, and always the first time.
  // With `anyway` texts that have not changed are judged and logged again, as a person expects who
  // sent SIGHUP.
  bool Check(bool anyway = false);

  const LoadedConfig& current() const { return current_; }
  // Readable when something changed in a watched folder; -1 when the system has no inotify left.
  int fd() const { return inotify_.get(); }
  // Check is due then even if fd() reported nothing.
  SteadyTime NextSweep() const { return last_check_ + kConfigSweep; }

 private:
  void Watch();
  void DrainEvents();
  void Log(const LoadedConfig& loaded);
  void PublishHash();

  const std::string path_, pod_info_;
  Registry& registry_;
  Clock& clock_;
  Gauge& successful_;
  Gauge& success_time_;
  Counter& reloads_;
  Counter& failures_;
  Gauge& unknown_parts_;
  TargetGauges targets_;
  UniqueFd inotify_;
  SteadyTime last_check_{};
  ConfigSource source_;
  std::optional<ConfigTexts> texts_;
  LoadedConfig current_;
  std::string published_hash_;
};

}  // namespace telltale

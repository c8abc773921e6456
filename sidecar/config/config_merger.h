// SPDX-License-Identifier: Apache-2.0
//
// Makes one configuration of those of several MonitoringTargets that select a pod. Logs and reload
// are appended (the same entry once), collectors are united, and the smallest interval wins. Of
// labels, loki, listen and state the first wins, and a different one after it is a warning. Pure.
#pragma once

#include <string>
#include <vector>

#include "sidecar/config/sidecar_config.h"

namespace telltale {

class ConfigMerger {
 public:
  ConfigMerger(SidecarConfig& out, std::vector<std::string>& warnings)
      : out_(out), warnings_(warnings) {}

  // `name`: of the file, for warnings. `target`: the MonitoringTarget that it is of; empty for the
  // file of a person.
  void Add(const std::string& name, const std::string& target, const SidecarConfig& config);

 private:
  void AddLogs(const std::string& target, const std::vector<LogFilesConfig>& from);
  void AddLastSample(const std::string& name, const LastSampleConfig& from);
  void AddLoki(const std::string& name, const SidecarConfig& config);
  void AddLabels(const std::string& name, const Labels& labels);
  void FirstWins(const std::string& name, const std::string& what, const std::string& from,
                 std::string& to);
  void Warn(const std::string& name, const std::string& what);

  SidecarConfig& out_;
  std::vector<std::string>& warnings_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Loads the sidecar's configuration: a file in the shape of SidecarConfig, or a folder as a
// ConfigMap is mounted, with files `*.json` of {selector, generation, config}. The files that
// select this pod are merged in the order of their names (ConfigMerger). A file that is refused
// counts as the last good one of its name and does not affect others.
//
// The problems and warnings of Load are what --check-config prints and what the running sidecar
// logs: there is no other place that makes them. ReadConfigTexts does the IO; ConfigSource is a
// function of its arguments, of the last good files, and of the files that a configuration names.
// One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/config/pod_info.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/config/target_gauges.h"

namespace telltale {

struct ConfigText {
  std::string name;  // of the file: what messages call it
  std::string text;
  std::string problem;  // why it could not be read
  bool operator==(const ConfigText&) const = default;
};

struct ConfigTexts {
  bool folder = false;
  std::vector<ConfigText> files;           // by name
  ConfigText pod_labels;                   // empty without a pod
  std::vector<std::string> warnings = {};  // about the folder
  bool operator==(const ConfigTexts&) const = default;
};

// `path` is a file or a folder. A path that does not exist is a missing file if it ends in .yaml,
// .yml or .json; else it is an empty folder, because the ConfigMap is optional. `pod_info` is the
// folder of the downward API, or empty.
ConfigTexts ReadConfigTexts(const std::string& path, const std::string& pod_info);

struct LoadedConfig {
  bool usable = true;  // false for a single file that is bad and never was good
  SidecarConfig config;
  Labels pod_labels;
  bool any = false;                   // some document is in effect
  std::string hash;                   // of the documents in effect
  std::vector<std::string> problems;  // FILE:LINE: sentence
  std::vector<std::string> warnings;  // the same
  std::size_t unknown_parts = 0;      // parts of the documents in effect that were left out
  // Of a folder: the MonitoringTargets whose documents select this pod.
  TargetStates targets;
};

// The directory or file at `path` as it is now; the probe of a running sidecar.
FileFacts ProbeFile(const std::string& path);

class ConfigSource {
 public:
  explicit ConfigSource(FileProbe probe = ProbeFile) : probe_(std::move(probe)) {}

  LoadedConfig Load(const ConfigTexts& texts);

 private:
  struct Document {
    bool selected = false;
    std::string text;
    std::int64_t generation = 0;
    int logs_line = 0;                 // of the key `logs`
    std::vector<std::string> unknown;  // sentences about parts that were left out
    SidecarConfig config;
  };
  bool LoadDocument(const ConfigText& file, bool folder, const Labels& pod_labels,
                    std::vector<std::string>& problems, std::vector<std::string>& warnings,
                    Document& out) const;

  const FileProbe probe_;
  std::map<std::string, std::string> last_good_;  // name -> text
  Labels last_labels_;
};

}  // namespace telltale

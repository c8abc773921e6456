// SPDX-License-Identifier: Apache-2.0
//
// Where the sidecar's configuration comes from and how it becomes one: a file in the shape of
// SidecarConfig, or a folder as a ConfigMap is mounted, with files `*.json` of
// {selector, generation, config}, of which those that select this pod are merged.
//
// Merging, in the order of the file names: logs and reload are appended (the same entry once),
// collectors united, the smallest interval wins; of labels, loki, listen and state the first wins
// and a different one after it is a warning. A document that is wrong counts as the last good one
// of that name; others are not touched by it.
//
// ReadConfigTexts does the IO; ConfigSource is a function of what it is given and of the last good
// documents. One thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sidecar/config/pod_info.h"
#include "sidecar/config/sidecar_config.h"

namespace telltale {

struct ConfigText {
  std::string name;  // of the file: what messages call it
  std::string text;
  std::string problem;  // why it could not be read
  bool operator==(const ConfigText&) const = default;
};

struct ConfigTexts {
  bool folder = false;
  std::vector<ConfigText> files;  // by name
  ConfigText pod_labels;          // empty without a pod
  bool operator==(const ConfigTexts&) const = default;
};

// `path` is a file or a folder; a path that does not exist is a missing file when it ends in .yaml,
// .yml or .json, and else an empty folder, because the ConfigMap is optional. `pod_info` is the
// folder of the downward API, or empty.
ConfigTexts ReadConfigTexts(const std::string& path, const std::string& pod_info);

struct LoadedConfig {
  bool usable = true;  // false for a single file that is bad and never was good
  SidecarConfig config;
  Labels pod_labels;
  bool any = false;                   // some document is in effect
  std::string hash;                   // of the documents in effect
  std::vector<std::string> problems;  // FILE:LINE: sentence
  std::vector<std::string> warnings;
};

class ConfigSource {
 public:
  LoadedConfig Load(const ConfigTexts& texts);

 private:
  struct Document {
    bool selected = false;
    std::string text;
    SidecarConfig config;
  };
  bool LoadDocument(const ConfigText& file, bool folder, const Labels& pod_labels,
                    std::vector<std::string>& problems, Document& out) const;

  std::map<std::string, std::string> last_good_;  // name -> text
  Labels last_labels_;
};

}  // namespace telltale

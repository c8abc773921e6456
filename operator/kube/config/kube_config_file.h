// SPDX-License-Identifier: Apache-2.0
//
// Kubeconfig files as YAML, found by name in one or several of them. Used by the loader in
// kube_config.cc only. Pure after Read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/text/yaml_reader.h"

namespace telltale {

// One file; its folder is where relative paths start.
struct KubeConfigFile {
  std::string file, folder;
  YamlNode root;

  Error Refuse(const YamlNode& node, std::string_view text) const;
  std::string Path(const std::string& path) const;
  // The content of KEY-data (base64, wins) or of the file that KEY names, which is then put into
  // `file_named`; empty without both.
  Result<std::string> Pem(const YamlNode& map, const std::string& key,
                          std::string& file_named) const;
};

// A context, cluster or user, and the file that has it.
struct KubeConfigEntry {
  const KubeConfigFile* file;
  const YamlNode* node;
};

class KubeConfigFiles {
 public:
  static Result<KubeConfigFiles> Read(const std::string& list);

  Result<std::string> CurrentContext() const;
  // The member of `list` (contexts, clusters, users) called `name`, under its `kind`.
  Result<KubeConfigEntry> Find(std::string_view list, std::string_view kind,
                               const std::string& name) const;

 private:
  std::string list_;
  std::vector<KubeConfigFile> files_;
};

// The text under a key; empty when it is not there or no scalar.
std::string YamlText(const YamlNode& map, std::string_view key);

// Any YAML as JSON: scalars that look like null, booleans or numbers are those unless quoted.
std::string YamlToJson(const YamlNode& node);

}  // namespace telltale

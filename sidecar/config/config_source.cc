// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_source.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "common/base/files.h"
#include "sidecar/config/config_merger.h"
#include "sidecar/config/decoder.h"
#include "sidecar/config/label_match.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;  // a whole ConfigMap is no larger
constexpr std::size_t kMaxFiles = 1'000;

ConfigText ReadText(std::string name, const std::string& path) {
  ConfigText out{std::move(name), {}, {}};
  if (auto text = ReadFile(path, kMaxFile); text.ok()) {
    out.text = *std::move(text);
  } else {
    out.problem = text.error().message;
  }
  return out;
}

// Names of `*.json` that do not start with a dot: the kubelet's own ..data and ..2026_* are left
// out. Other files are in the folder by mistake.
std::vector<std::string> JsonFiles(const std::string& folder, std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) {
    warnings.push_back(folder + ": the folder cannot be read: " + std::strerror(errno));
    return names;
  }
  std::vector<std::string> others;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    if (name.ends_with(".json")) {
      names.emplace_back(name);
    } else if (!ProbeFile(folder + "/" + std::string(name)).directory) {
      others.emplace_back(name);
    }
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  std::sort(others.begin(), others.end());
  for (const std::string& name : others) {
    warnings.push_back(folder + "/" + name + ": is not read: a folder's parts are *.json");
  }
  if (names.size() > kMaxFiles) {
    warnings.push_back(folder + ": has more than 1000 files: " + names[kMaxFiles] +
                       " and those after it are not read");
    names.resize(kMaxFiles);
  }
  return names;
}

bool LooksLikeFile(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

// "NAMESPACE/NAME" of a document's file, NAMESPACE.NAME.json; a namespace has no dots.
std::string TargetOf(std::string_view file) {
  if (file.ends_with(".json")) file.remove_suffix(5);
  std::string target(file);
  if (const auto dot = target.find('.'); dot != std::string::npos) target[dot] = '/';
  return target;
}

void WarnOfAlerts(LoadedConfig& loaded) {
  if (!loaded.config.alertmanager.urls.empty()) return;
  for (const LogFilesConfig& logs : loaded.config.logs) {
    for (const StageSpec& stage : logs.pipeline.stages) {
      if (!std::holds_alternative<AlertSpec>(stage)) continue;
      loaded.warnings.push_back(
          "logs: there are alert stages, but no alertmanager.urls: no alert is sent until it is "
          "set");
      return;
    }
  }
}

}  // namespace

FileFacts ProbeFile(const std::string& path) {
  FileFacts facts;
  struct stat info{};
  if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0) {
    facts.missing = errno == ENOENT;
    facts.problem = std::strerror(errno);
  } else {
    facts.directory = S_ISDIR(info.st_mode);
    facts.writable = access(path.c_str(), W_OK) == 0;
  }
  return facts;
}

ConfigTexts ReadConfigTexts(const std::string& path, const std::string& pod_info) {
  ConfigTexts out;
  struct stat info{};
  const bool exists = stat(path.c_str(), &info) == 0;
  out.folder = exists ? S_ISDIR(info.st_mode) : !LooksLikeFile(path);
  if (out.folder && !exists) {
    out.warnings.push_back(path + ": there is no such folder: an empty configuration");
  } else if (out.folder) {
    for (std::string& name : JsonFiles(path, out.warnings)) {
      const std::string file = path + "/" + name;
      out.files.push_back(ReadText(std::move(name), file));
    }
  } else {
    out.files.push_back(ReadText(path, path));
  }
  if (!pod_info.empty()) out.pod_labels = ReadText(pod_info + "/labels", pod_info + "/labels");
  return out;
}

bool ConfigSource::LoadDocument(const ConfigText& file, bool folder, const Labels& pod_labels,
                                std::vector<std::string>& problems,
                                std::vector<std::string>& warnings, Document& out) const {
  if (!file.problem.empty()) {
    problems.push_back(file.problem);
    return false;
  }
  auto root = ParseYaml(file.text, file.name);
  if (!root.ok()) {
    problems.push_back(root.error().message);
    return false;
  }
  const std::size_t before = problems.size();
  out.text = file.text;
  const auto decode = [&](const YamlNode& node) {
    if (const YamlNode* logs = node.Find("logs")) out.logs_line = logs->line;
    // What the operator wrote may be of a newer release; what a person wrote must be right in full.
    out.config = DecodeSidecarConfig(node, file.name, problems, &warnings, probe_,
                                     folder ? &out.unknown : nullptr);
  };
  if (!folder) {
    out.selected = true;
    decode(*root);
    return problems.size() == before;
  }
  Decoder decoder(file.name, problems);
  decoder.Tolerate(out.unknown);
  // A selector that is understood in part would select other pods.
  Decoder strict(file.name, problems);
  const YamlNode* config = nullptr;
  std::string generation;
  decoder.Map(
      *root, "",
      {{"selector",
        [&](const YamlNode& n) { out.selected = DecodeLabelMatch(n, strict).Matches(pod_labels); }},
       {"generation", [&](const YamlNode& n) { decoder.String(n, "generation", generation); }},
       {"config", [&](const YamlNode& n) { config = &n; }}});
  if (config == nullptr) {
    decoder.Problem(*root, "config is missing: a file of a folder is {selector, config}");
  } else {
    decode(*config);
  }
  out.generation = ParseInt(generation).value_or(0);
  return problems.size() == before;
}

LoadedConfig ConfigSource::Load(const ConfigTexts& texts) {
  LoadedConfig out;
  out.warnings = texts.warnings;
  if (!texts.pod_labels.problem.empty()) {
    out.problems.push_back(texts.pod_labels.problem);
  } else if (auto labels = ParseDownwardLabels(texts.pod_labels.text); labels.ok()) {
    last_labels_ = *std::move(labels);
  } else {
    out.problems.push_back(texts.pod_labels.name + ": " + labels.error().message);
  }
  out.pod_labels = last_labels_;

  ConfigMerger merger(out.config, out.warnings);
  std::string in_effect, first_logs;
  std::map<std::string, std::string> good;
  for (const ConfigText& file : texts.files) {
    Document document;
    std::vector<std::string> warnings;
    const bool fine =
        LoadDocument(file, texts.folder, out.pod_labels, out.problems, warnings, document);
    if (!fine) {
      const auto last = last_good_.find(file.name);
      if (texts.folder && (document.selected || last == last_good_.end())) {
        out.targets[TargetOf(file.name)] = {0, true};
      }
      if (last == last_good_.end()) continue;
      // Decoded again rather than kept: the pod's labels may have changed since.
      std::vector<std::string> none;
      document = {};
      if (!LoadDocument({file.name, last->second, {}}, texts.folder, out.pod_labels, none, none,
                        document)) {
        continue;
      }
    }
    good[file.name] = document.text;
    // A check without a pod is about all files.
    if (document.selected || texts.pod_labels.name.empty()) {
      std::ranges::move(warnings, std::back_inserter(out.warnings));
    }
    if (!document.selected) continue;
    out.unknown_parts += document.unknown.size();
    for (const std::string& sentence : document.unknown) {
      out.warnings.push_back(sentence + " (this part is left out)");
    }
    const std::string target = texts.folder ? TargetOf(file.name) : std::string();
    if (texts.folder) out.targets[target] = {document.generation, !fine};
    merger.Add(file.name, target, document.config);
    if (first_logs.empty() && !document.config.logs.empty()) {
      first_logs = file.name + ":" + std::to_string(document.logs_line);
    }
    in_effect.append(file.name).push_back('\0');
    in_effect.append(document.text).push_back('\0');
  }
  if (!first_logs.empty() && out.config.loki.url.empty()) {
    out.warnings.push_back(first_logs +
                           ": logs: there is no loki.url: no log is shipped until it is set");
  }
  WarnOfAlerts(out);
  out.usable = texts.folder || !good.empty();
  last_good_ = std::move(good);
  out.any = !in_effect.empty();
  out.hash = HashHex(in_effect);
  return out;
}

}  // namespace telltale

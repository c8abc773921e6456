// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_source.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/base/files.h"
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

// Names of `*.json` that do not start with a dot: kubelet's own ..data and ..2026_* are left out.
std::vector<std::string> JsonFiles(const std::string& folder) {
  std::vector<std::string> names;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with('.') && name.ends_with(".json")) names.emplace_back(name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  if (names.size() > kMaxFiles) names.resize(kMaxFiles);
  return names;
}

bool LooksLikeFile(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

template <class T>
void AppendNew(const std::vector<T>& from, std::vector<T>& to) {
  for (const T& item : from) {
    if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
  }
}

class Merger {
 public:
  Merger(SidecarConfig& out, std::vector<std::string>& warnings) : out_(out), warnings_(warnings) {}

  void Add(const std::string& name, const SidecarConfig& config) {
    AppendNew(config.logs, out_.logs);
    AppendNew(config.reload, out_.reload);
    AppendNew(config.collectors, out_.collectors);
    std::sort(out_.collectors.begin(), out_.collectors.end());
    if (config.interval_ms != 0 &&
        (out_.interval_ms == 0 || config.interval_ms < out_.interval_ms)) {
      out_.interval_ms = config.interval_ms;
    }
    FirstWins(name, "listen", config.listen, out_.listen);
    FirstWins(name, "state", config.state_dir, out_.state_dir);
    FirstWins(name, "alertmanager", config.alertmanager_url, out_.alertmanager_url);
    FirstWins(name, "pods.operator", config.pods.operator_url, out_.pods.operator_url);
    FirstWins(name, "pods.directory", config.pods.directory, out_.pods.directory);
    if (out_.loki.url.empty()) {
      out_.loki = config.loki;
    } else if (!config.loki.url.empty() && config.loki != out_.loki) {
      Warn(name, "loki");
    }
    for (const auto& [key, value] : config.labels) {
      const std::string* before = FindLabel(out_.labels, key);
      if (before == nullptr) {
        SetLabel(out_.labels, key, value);
      } else if (*before != value) {
        Warn(name, "labels." + key);
      }
    }
  }

 private:
  void FirstWins(const std::string& name, const std::string& what, const std::string& from,
                 std::string& to) {
    if (to.empty()) {
      to = from;
    } else if (!from.empty() && from != to) {
      Warn(name, what);
    }
  }
  void Warn(const std::string& name, const std::string& what) {
    warnings_.push_back(name + ": " + what +
                        " differs from the one of an earlier file, which stays in effect");
  }

  SidecarConfig& out_;
  std::vector<std::string>& warnings_;
};

}  // namespace

ConfigTexts ReadConfigTexts(const std::string& path, const std::string& pod_info) {
  ConfigTexts out;
  struct stat info{};
  const bool exists = stat(path.c_str(), &info) == 0;
  out.folder = exists ? S_ISDIR(info.st_mode) : !LooksLikeFile(path);
  if (out.folder) {
    for (std::string& name : JsonFiles(path)) {
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
                                std::vector<std::string>& problems, Document& out) const {
  if (!file.problem.empty()) {
    problems.push_back(file.problem);
    return false;
  }
  auto root = ParseYaml(file.text);
  if (!root.ok()) {
    problems.push_back(file.name + ": " + root.error().message);
    return false;
  }
  const std::size_t before = problems.size();
  out.text = file.text;
  if (!folder) {
    out.selected = true;
    out.config = DecodeSidecarConfig(*root, file.name, problems);
    return problems.size() == before;
  }
  Decoder decoder(file.name, problems);
  const YamlNode* config = nullptr;
  std::string generation;  // for people who read the ConfigMap
  decoder.Map(
      *root, "",
      {{"selector",
        [&](const YamlNode& n) {
          out.selected = DecodeLabelMatch(n, decoder).Matches(pod_labels);
        }},
       {"generation", [&](const YamlNode& n) { decoder.String(n, "generation", generation); }},
       {"config", [&](const YamlNode& n) { config = &n; }}});
  if (config == nullptr) {
    decoder.Problem(*root, "config is missing: a file of a folder is {selector, config}");
  } else {
    out.config = DecodeSidecarConfig(*config, file.name, problems);
  }
  return problems.size() == before;
}

LoadedConfig ConfigSource::Load(const ConfigTexts& texts) {
  LoadedConfig out;
  if (!texts.pod_labels.problem.empty()) {
    out.problems.push_back(texts.pod_labels.problem);
  } else if (auto labels = ParseDownwardLabels(texts.pod_labels.text); labels.ok()) {
    last_labels_ = *std::move(labels);
  } else {
    out.problems.push_back(texts.pod_labels.name + ": " + labels.error().message);
  }
  out.pod_labels = last_labels_;

  Merger merger(out.config, out.warnings);
  std::string in_effect;
  std::map<std::string, std::string> good;
  for (const ConfigText& file : texts.files) {
    Document document;
    if (!LoadDocument(file, texts.folder, out.pod_labels, out.problems, document)) {
      const auto last = last_good_.find(file.name);
      if (last == last_good_.end()) continue;
      // Decoded again rather than kept: the pod's labels may have changed since.
      std::vector<std::string> none;
      document = {};
      if (!LoadDocument({file.name, last->second, {}}, texts.folder, out.pod_labels, none,
                        document)) {
        continue;
      }
    }
    good[file.name] = document.text;
    if (!document.selected) continue;
    merger.Add(file.name, document.config);
    in_effect.append(file.name).push_back('\0');
    in_effect.append(document.text).push_back('\0');
  }
  out.usable = texts.folder || !good.empty();
  last_good_ = std::move(good);
  out.any = !in_effect.empty();
  out.hash = HashHex(in_effect);
  return out;
}

}  // namespace telltale

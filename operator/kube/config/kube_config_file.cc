// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/kube_config_file.h"

#include <algorithm>
#include <utility>

#include "common/base/files.h"
#include "common/base/strings.h"
#include "common/text/json_writer.h"

namespace telltale {

Error KubeConfigFile::Refuse(const YamlNode& node, std::string_view text) const {
  return Fail(Code::kInvalid, file + ":" + std::to_string(node.line) + ": " + std::string(text));
}

std::string KubeConfigFile::Path(const std::string& path) const {
  return path.starts_with('/') ? path : folder + path;
}

Result<std::string> KubeConfigFile::Pem(const YamlNode& map, const std::string& key,
                                        std::string& file_named) const {
  if (const YamlNode* data = map.Find(key + "-data"); data != nullptr && !data->scalar.empty()) {
    auto pem = Base64Decode(data->scalar);
    if (!pem) return Refuse(*data, key + "-data is not base64");
    return std::move(*pem);
  }
  const std::string path = YamlText(map, key);
  if (path.empty()) return std::string();
  file_named = Path(path);
  auto pem = ReadFile(file_named);
  if (!pem.ok()) return Context(file + ": " + key, pem.error());
  return pem;
}

Result<KubeConfigFiles> KubeConfigFiles::Read(const std::string& list) {
  KubeConfigFiles all;
  all.list_ = list;
  std::vector<std::string> names;
  for (const std::string_view name : Split(list, ':')) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.emplace_back(name);
    }
  }
  if (names.empty()) names.push_back(list);
  Status missing;
  for (const std::string& name : names) {
    auto text = ReadFile(name);
    if (!text.ok()) {
      const Error error = Context("reading --kubeconfig", text.error());
      if (names.size() == 1 || error.code != Code::kNotFound) return error;
      missing = error;
      continue;
    }
    auto root = ParseYaml(*text);
    if (!root.ok()) return Context("reading --kubeconfig " + name, root.error());
    const std::size_t slash = name.rfind('/');
    std::string folder = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    all.files_.push_back({name, std::move(folder), std::move(*root)});
  }
  if (all.files_.empty()) return missing.error();
  return all;
}

Result<std::string> KubeConfigFiles::CurrentContext() const {
  for (const KubeConfigFile& file : files_) {
    std::string current = YamlText(file.root, "current-context");
    if (!current.empty()) return current;
  }
  return Fail(Code::kInvalid,
              list_ + ": there is no current-context: choose one with kubectl config use-context");
}

Result<KubeConfigEntry> KubeConfigFiles::Find(std::string_view list, std::string_view kind,
                                              const std::string& name) const {
  for (const KubeConfigFile& file : files_) {
    const YamlNode* items = file.root.Find(list);
    if (items == nullptr) continue;
    for (const YamlNode& item : items->items) {
      if (YamlText(item, "name") != name) continue;
      const YamlNode* found = item.Find(kind);
      if (found != nullptr && found->kind == YamlNode::Kind::kMap) {
        return KubeConfigEntry{&file, found};
      }
      return file.Refuse(item, std::string(kind) + " \"" + name + "\" is empty");
    }
  }
  return Fail(Code::kInvalid, list_ + ": there is no " + std::string(kind) + " named \"" + name +
                                  "\" under " + std::string(list));
}

std::string YamlText(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.Find(key);
  return node != nullptr && node->kind == YamlNode::Kind::kScalar ? node->scalar : std::string();
}

namespace {

// As JSON writes them; YAML's other forms of numbers stay text.
bool IsJsonNumber(std::string_view text) {
  const auto digits = [&text] {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

void WriteJson(const YamlNode& node, JsonWriter& writer) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      writer.Null();
      break;
    case YamlNode::Kind::kScalar:
      if (!node.quoted &&
          (node.scalar == "true" || node.scalar == "false" || IsJsonNumber(node.scalar))) {
        writer.Raw(node.scalar);
      } else {
        writer.String(node.scalar);
      }
      break;
    case YamlNode::Kind::kSequence:
      writer.BeginArray();
      for (const YamlNode& item : node.items) WriteJson(item, writer);
      writer.EndArray();
      break;
    case YamlNode::Kind::kMap:
      writer.BeginObject();
      for (const auto& [key, value] : node.fields) {
        writer.Key(key);
        WriteJson(value, writer);
      }
      writer.EndObject();
      break;
  }
}

}  // namespace

std::string YamlToJson(const YamlNode& node) {
  std::string json;
  JsonWriter writer(&json);
  WriteJson(node, writer);
  return json;
}

}  // namespace telltale

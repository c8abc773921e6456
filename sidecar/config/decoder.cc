// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/decoder.h"

#include <charconv>
#include <cmath>
#include <string>

#include "sidecar/config/hints.h"

namespace telltale {
namespace {

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a single value";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "something else";
}

std::string Name(std::string_view path) {
  return path.empty() ? "the configuration" : std::string(path);
}

std::string Child(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

// Bounds in a message, in the largest unit that divides them.
std::string DurationText(std::int64_t ms) {
  if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1'000 == 0) return std::to_string(ms / 1'000) + "s";
  return std::to_string(ms) + "ms";
}

std::string BytesText(std::int64_t bytes) {
  if (bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
  if (bytes % (1 << 10) == 0) return std::to_string(bytes >> 10) + "KiB";
  return std::to_string(bytes);
}

}  // namespace

std::string Decoder::Sentence(const YamlNode& node, std::string_view what) const {
  std::string sentence(file_);
  if (node.line > 0) sentence += ":" + std::to_string(node.line);
  return sentence.append(": ").append(what);
}

void Decoder::Problem(const YamlNode& node, std::string_view what) {
  problems_.push_back(Sentence(node, what));
}

void Decoder::Warning(const YamlNode& node, std::string_view what) {
  if (warnings_ != nullptr) warnings_->push_back(Sentence(node, what));
}

void Decoder::WarnOfVariable(const YamlNode& node, std::string_view path, std::string_view value) {
  const std::string_view variable = FindVariable(value);
  if (variable.empty()) return;
  Warning(node, Name(path) + " has " + Quoted(variable) +
                    ", which is taken literally: variables are not replaced");
}

void Decoder::WarnIfUnreadable(const YamlNode& node, std::string_view path,
                               const std::string& file) {
  if (!probe_ || !file.starts_with('/')) return;
  if (const FileFacts facts = probe_(file); !facts.problem.empty()) {
    Warning(node, Name(path) + " cannot be read now: " + file + ": " + facts.problem);
  }
}

void Decoder::WarnIfNoFolder(const YamlNode& node, std::string_view path,
                             const std::string& folder) {
  if (!probe_ || !folder.starts_with('/')) return;
  // The folder itself, or the one that it would be made in.
  std::string there = folder;
  FileFacts facts = probe_(there);
  while (facts.missing && there.size() > 1) {
    there.erase(std::max<std::size_t>(there.rfind('/'), 1));
    facts = probe_(there);
  }
  std::string why = facts.problem;
  if (why.empty() && !facts.directory) why = "it is no folder";
  if (why.empty() && !facts.writable) why = "it is not writable for our user";
  if (!why.empty()) Warning(node, Name(path) + " cannot be used now: " + there + ": " + why);
}

bool Decoder::IsDirectory(const std::string& path) const {
  return probe_ && probe_(path).directory;
}

void Decoder::Unknown(const YamlNode& node, std::string_view what) {
  if (unknown_ == nullptr) return Problem(node, what);
  unknown_->push_back(Sentence(node, what));
}

void Decoder::MapOf(const YamlNode& node, std::string_view path, std::span<const Field> fields) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kMap) {
    Problem(node, Name(path) + " must be a map, but is " + std::string(KindName(node.kind)) +
                      MapHint(node));
    return;
  }
  for (const auto& [key, value] : node.fields) {
    const Field* known = nullptr;
    for (const Field& field : fields) {
      if (field.key == key) known = &field;
    }
    if (known != nullptr) {
      known->decode(value);
      continue;
    }
    std::vector<std::string> keys;
    for (const Field& field : fields) keys.emplace_back(field.key);
    Unknown(value, "unknown key " + Quoted(key) + " in " + Name(path) + KeyHint(key, keys));
  }
}

void Decoder::Sequence(
    const YamlNode& node, std::string_view path,
    const std::function<void(const YamlNode&, const std::string& item_path)>& item) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kSequence) {
    Problem(node, Name(path) + " must be a list, but is " + std::string(KindName(node.kind)) +
                      ListHint(node));
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    item(node.items[i], std::string(path) + "[" + std::to_string(i) + "]");
  }
}

bool Decoder::IsScalar(const YamlNode& node, std::string_view path, std::string_view wanted) {
  if (node.kind == YamlNode::Kind::kScalar) return true;
  if (node.kind != YamlNode::Kind::kNull) {
    Problem(node, Name(path) + " must be " + std::string(wanted) + ", but is " +
                      std::string(KindName(node.kind)));
  }
  return false;
}

void Decoder::String(const YamlNode& node, std::string_view path, std::string& out) {
  if (IsScalar(node, path, "a text")) out = node.scalar;
}

void Decoder::StringList(const YamlNode& node, std::string_view path,
                         std::vector<std::string>& out) {
  Sequence(node, path, [&](const YamlNode& item, const std::string& item_path) {
    if (item.kind == YamlNode::Kind::kNull) Problem(item, item_path + " must not be empty");
    if (IsScalar(item, item_path, "a text")) out.push_back(item.scalar);
  });
}

void Decoder::StringMap(const YamlNode& node, std::string_view path, Labels& out) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kMap) {
    Problem(node, Name(path) + " must be a map of texts, but is " +
                      std::string(KindName(node.kind)) + MapHint(node));
    return;
  }
  for (const auto& [key, value] : node.fields) {
    std::string text;
    String(value, Child(path, key), text);
    SetLabel(out, key, text);
  }
}

void Decoder::Bool(const YamlNode& node, std::string_view path, bool& out) {
  if (!IsScalar(node, path, "true or false")) return;
  if (!node.quoted && (node.scalar == "true" || node.scalar == "false")) {
    out = node.scalar == "true";
  } else {
    Problem(node, Name(path) + " must be true or false, but is " + Quoted(node.scalar) +
                      BoolHint(node.scalar));
  }
}

void Decoder::DurationMs(const YamlNode& node, std::string_view path, std::int64_t min,
                         std::int64_t max, std::int64_t& out) {
  if (!IsScalar(node, path, "a duration such as 10s")) return;
  const auto duration = ParseDurationMs(node.scalar);
  if (!duration) {
    Problem(node, Name(path) + " must be a duration such as 500ms, 10s or 1m30s, but is " +
                      Quoted(node.scalar) + DurationHint(node.scalar));
  } else if (*duration < min || *duration > max) {
    Problem(node, Name(path) + " must be from " + DurationText(min) + " to " + DurationText(max) +
                      ", but is " + Quoted(node.scalar));
  } else {
    out = *duration;
  }
}

void Decoder::Number(const YamlNode& node, std::string_view path, double& out) {
  if (!IsScalar(node, path, "a number")) return;
  double number = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto parsed = std::from_chars(node.scalar.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(number)) {
    Problem(node, Name(path) + " must be a number, but is " + Quoted(node.scalar));
  } else {
    out = number;
  }
}

void Decoder::Bytes(const YamlNode& node, std::string_view path, std::int64_t min, std::int64_t max,
                    std::int64_t& out) {
  if (!IsScalar(node, path, "a size such as 1MiB")) return;
  const auto bytes = ParseBytes(node.scalar);
  if (!bytes) {
    Problem(node, Name(path) + " must be a size such as 65536, 64KiB or 1MiB, but is " +
                      Quoted(node.scalar) + BytesHint(node.scalar));
  } else if (*bytes < min || *bytes > max) {
    Problem(node, Name(path) + " must be from " + BytesText(min) + " to " + BytesText(max) +
                      ", but is " + Quoted(node.scalar));
  } else {
    out = *bytes;
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Reads values of a configuration's tree: maps whose keys are all known, and scalars of a type.
// Everything that is wrong becomes one sentence with file and line. Decoding goes on after a
// problem, so that a person sees all of them at once. Used inside sidecar/config only.
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"

namespace telltale {

// What is at a path now. Tests replace it.
struct FileFacts {
  bool directory = false;
  std::string problem;   // why it cannot be read; empty: it can
  bool missing = false;  // the problem is that nothing is there
  bool writable = true;
};
using FileProbe = std::function<FileFacts(const std::string& path)>;

class Decoder {
 public:
  struct Field {
    std::string_view key;
    std::function<void(const YamlNode&)> decode;
  };

  // Without `warnings` they are dropped; without `probe` no file is looked at.
  Decoder(std::string_view file, std::vector<std::string>& problems,
          std::vector<std::string>* warnings = nullptr, FileProbe probe = nullptr)
      : file_(file), problems_(problems), warnings_(warnings), probe_(std::move(probe)) {}

  // Appends "FILE:LINE: <what>". A configuration with a problem is not used; one with a warning is.
  void Problem(const YamlNode& node, std::string_view what);
  void Warning(const YamlNode& node, std::string_view what);
  // A warning if `value` has a "${NAME}", which is not replaced.
  void WarnOfVariable(const YamlNode& node, std::string_view path, std::string_view value);
  // A warning if the file or directory cannot be read now. It may come later.
  void WarnIfUnreadable(const YamlNode& node, std::string_view path, const std::string& file);
  // A warning if the directory is not there and cannot be made, or cannot be written to.
  void WarnIfNoFolder(const YamlNode& node, std::string_view path, const std::string& folder);
  // Whether there is a directory at `path` now; false without a probe.
  bool IsDirectory(const std::string& path) const;

  // From now on unknown keys are no problems: each appends a sentence to `unknown`. For documents
  // that the operator wrote, which may be of a newer release.
  void Tolerate(std::vector<std::string>& unknown) { unknown_ = &unknown; }
  bool tolerant() const { return unknown_ != nullptr; }
  // A part that is not known: a problem unless tolerated.
  void Unknown(const YamlNode& node, std::string_view what);
  // Unknown parts so far that were tolerated.
  std::size_t unknown_count() const { return unknown_ == nullptr ? 0 : unknown_->size(); }

  // Problems so far.
  std::size_t count() const { return problems_.size(); }

  // Null counts as an empty map and as an absent value: `labels:` with nothing behind it.
  // `path` names the place in sentences: "loki", "logs[0].files"; empty for the root.
  void Map(const YamlNode& node, std::string_view path, std::initializer_list<Field> fields) {
    MapOf(node, path, {fields.begin(), fields.size()});
  }
  void MapOf(const YamlNode& node, std::string_view path, std::span<const Field> fields);
  void Sequence(const YamlNode& node, std::string_view path,
                const std::function<void(const YamlNode&, const std::string& item_path)>& item);

  void String(const YamlNode& node, std::string_view path, std::string& out);
  void StringList(const YamlNode& node, std::string_view path, std::vector<std::string>& out);
  void StringMap(const YamlNode& node, std::string_view path, Labels& out);
  void Bool(const YamlNode& node, std::string_view path, bool& out);
  void DurationMs(const YamlNode& node, std::string_view path, std::int64_t min, std::int64_t max,
                  std::int64_t& out);
  void Number(const YamlNode& node, std::string_view path, double& out);
  void Bytes(const YamlNode& node, std::string_view path, std::int64_t min, std::int64_t max,
             std::int64_t& out);

 private:
  bool IsScalar(const YamlNode& node, std::string_view path, std::string_view wanted);

  std::string Sentence(const YamlNode& node, std::string_view what) const;

  std::string_view file_;
  std::vector<std::string>& problems_;
  std::vector<std::string>* warnings_;
  std::vector<std::string>* unknown_ = nullptr;
  FileProbe probe_;
};

}  // namespace telltale

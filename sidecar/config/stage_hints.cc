// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/stage_hints.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

struct Hint {
  std::string_view name, text;
};

// By the name without '_' and in lower case.
constexpr Hint kStages[] = {
    {"cri", "remove it: the lines of containers are recognised"},
    {"docker", "remove it: Docker's lines are recognised"},
    {"staticlabels", "use labels of the log source (logs.labels) instead"},
    {"labelallow", "use labelDrop: {names: [...]} for the labels that should go"},
    {"labels", "write labels"},
    {"labeldrop", "write labelDrop: {names: [...]}"},
    {"structuredmetadata", "write structuredMetadata"},
    {"sampling", "write sample"},
    {"geoip", "there is no such stage: look addresses up when you query"},
    {"pack", "there is no such stage: use structuredMetadata for values that are no labels"},
    {"unpack", "there is no such stage: use json"},
    {"tenant", "there is no such stage: use tenant of the log source"},
    {"eventlogmessage", "there is no such stage: Windows is not supported"},
    {"luhn", "there is no such stage: use replace with an expression for the numbers"},
    {"truncate", "there is no such stage: lines are cut at 255 KiB, and drop has longerThan"},
    {"nonindexedlabels", "write structuredMetadata"},
    {"pipelinename", "remove it"},
};

std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_') plain += ToLowerAscii(c);
  }
  return plain;
}

std::string Scalar(const YamlNode& value) {
  return value.kind == YamlNode::Kind::kScalar && !value.scalar.empty() ? value.scalar : "''";
}

}  // namespace

std::string StageHint(std::string_view name, const YamlNode&) {
  const std::string plain = Plain(name);
  for (const Hint& hint : kStages) {
    if (plain == hint.name) return std::string(hint.text);
  }
  return "";
}

std::string OptionHint(std::string_view stage, std::string_view key, const YamlNode& value,
                       const std::vector<std::string>& known) {
  const std::string plain = Plain(key);
  for (const std::string& name : known) {
    if (Plain(name) == plain) return "write " + name;
  }
  if (stage == "labels" || stage == "structuredMetadata") {
    return "write " + std::string(stage) + ": {values: {" + std::string(key) + ": " +
           Scalar(value) + "}}";
  }
  if (plain == "maxwaittime") return "write maxWait";
  if (plain == "maxidleduration") return "write maxIdle";
  if (plain == "pipelinename") return "remove it";
  return "";
}

}  // namespace telltale

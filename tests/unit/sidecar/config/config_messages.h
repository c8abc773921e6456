// SPDX-License-Identifier: Apache-2.0
//
// Decodes a configuration and compares the sentences about it whole. Used by
// config_messages_test.cc and config_warnings_test.cc.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "sidecar/config/sidecar_config.h"

namespace telltale {

struct Found {
  std::vector<std::string> problems, warnings;
};

// Two files are there: /there/file and the directory /there.
inline FileFacts Probe(const std::string& path) {
  if (path == "/there" || path == "/there/logs") return {true, ""};
  if (path == "/") return {true, ""};
  if (path == "/readonly") return {true, "", false, false};
  if (path.starts_with("/there")) return {false, ""};
  return {false, "No such file or directory", true};
}

inline Found Decode(const std::string& text) {
  Found found;
  auto root = ParseYaml("version: 1\n" + text, "f.yaml");
  if (root.ok()) {
    DecodeSidecarConfig(*root, "f.yaml", found.problems, &found.warnings, Probe);
  } else {
    found.problems.push_back(root.error().message);
  }
  return found;
}

struct Case {
  std::string text, sentence;
};

inline void ExpectProblems(std::initializer_list<Case> cases) {
  for (const Case& each : cases) {
    EXPECT_THAT(Decode(each.text).problems, testing::ElementsAre(each.sentence)) << each.text;
  }
}

inline void ExpectWarnings(std::initializer_list<Case> cases) {
  for (const Case& each : cases) {
    const Found found = Decode(each.text);
    EXPECT_THAT(found.problems, testing::IsEmpty()) << each.text;
    EXPECT_THAT(found.warnings, testing::ElementsAre(each.sentence)) << each.text;
  }
}

inline std::string Logs(const std::string& include) {
  return "logs:\n- files:\n    include: " + include + "\n";
}

}  // namespace telltale

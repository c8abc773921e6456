// SPDX-License-Identifier: Apache-2.0
//
// The operator's list of pods for a node agent: whatever it says, only files below the pods' folder
// are read, and two pods or containers never share a pattern with another folder.
#include <string>

#include "common/base/check.h"
#include "sidecar/node/node_logs.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  const auto decoded = DecodeNodeLogs(text);
  if (!decoded.ok()) return;
  const std::string directory = "/var/log/pods";
  for (const NodePod& pod : decoded->pods) {
    TELLTALE_CHECK(pod.target != nullptr);
    TELLTALE_CHECK(SameTarget(*pod.target, *pod.target));
  }
  for (const LogSource& source : NodeSources(decoded->pods, {}, "n1", directory)) {
    TELLTALE_CHECK(source.include.size() == 1);
    const std::string& pattern = source.include[0];
    TELLTALE_CHECK(pattern.starts_with(directory + "/") && pattern.ends_with("/*.log"));
    const std::string folder =
        pattern.substr(directory.size(), pattern.size() - directory.size() - 6);
    TELLTALE_CHECK(folder.find("/.") == folder.npos);
    TELLTALE_CHECK(folder.find_first_of("*?[]{}\\\n") == folder.npos);
  }
}

}  // namespace telltale

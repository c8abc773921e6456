// SPDX-License-Identifier: Apache-2.0
//
// Paths of pushes: whatever comes, an answer or a group with a job.
#include "common/base/check.h"
#include "common/base/utf8.h"
#include "sidecar/push/group_path.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  const GroupPath group = ParseGroupPath(std::string("/metrics/").append(text));
  if (group.status != 200) {
    TELLTALE_CHECK(!group.text.empty());
    return;
  }
  TELLTALE_CHECK(FindLabel(group.labels, "job") != nullptr);
  for (const auto& [name, value] : group.labels) {
    TELLTALE_CHECK(IsLabelName(name) && IsUtf8(value));
  }
}

}  // namespace telltale

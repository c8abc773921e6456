// SPDX-License-Identifier: Apache-2.0
//
// Groups as bytes, so that a restart of the sidecar's container does not lose them. Its own format:
// a magic line, then for each group its labels, times and families, as delimited protobuf. Pure,
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/exposition/family.h"

namespace telltale {

struct PushedGroup {
  Labels labels;
  double pushed = 0, failed = 0;  // seconds since the epoch; 0: never
  std::vector<std::shared_ptr<const Family>> families;
};

std::string WritePushSnapshot(const std::vector<PushedGroup>& groups);

// kInvalid for what is damaged, cut off, or of another version.
Result<std::vector<PushedGroup>> ReadPushSnapshot(std::string_view bytes);

}  // namespace telltale

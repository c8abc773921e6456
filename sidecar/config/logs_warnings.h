// SPDX-License-Identifier: Apache-2.0
//
// Entries of `logs` that are valid and still do not do what they seem to: each is a sentence that
// the check prints and the running sidecar logs. Used inside sidecar/config only. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/strings.h"
#include "sidecar/config/sidecar_config.h"

namespace telltale {

// Stages that work on a value, and labels of `labels` stages, that no earlier stage makes and no
// label of the stream has.
// `labels` are those of the whole configuration. One sentence each, without a place.
std::vector<std::string> StagesWithoutValue(const LogFilesConfig& logs, const Labels& labels);

// Include patterns whose every file is excluded. One sentence each, without a place.
std::vector<std::string> PatternsExcluded(const LogFilesConfig& logs);

// Why an include pattern of `logs[index]` has no effect: an entry before it has the same pattern,
// or one that takes this file. One sentence each, without a place.
std::vector<std::string> PatternsTakenBefore(const std::vector<LogFilesConfig>& logs,
                                             std::size_t index);

}  // namespace telltale

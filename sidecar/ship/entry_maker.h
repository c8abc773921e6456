// SPDX-License-Identifier: Apache-2.0
//
// What decides the entries of a file beside its bytes. Pure; called by BatchBuilder and LogWorker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/discover/tailed_file.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

// The labels of a file's stream before any stage.
Labels LabelsOf(const TailedFile& file, const LogSource& source, LogStream stream);

// Hash of everything but the files' bytes that decides what a source's entries are: stages, labels
// and their limit, tenant, line limit, format and the version of the program's entry code. Never 0.
std::uint64_t MakerHash(const LogSource& source, std::string_view default_tenant,
                        std::size_t max_labels);

}  // namespace telltale

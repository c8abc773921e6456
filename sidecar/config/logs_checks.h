// SPDX-License-Identifier: Apache-2.0
//
// What can only be said of the entries of `logs` together, when all of the configuration is known.
// Called by DecodeSidecarConfig. Pure.
#pragma once

#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"
#include "sidecar/config/sidecar_config.h"

namespace telltale {

// Problems: an entry whose stages may make more labels than loki.maxLabels, or labels that clash.
void CheckLabelCounts(Decoder& decoder, const YamlNode& root, const SidecarConfig& config);

// Warnings: labels that no stage gives a value, files that an entry before takes.
void WarnOfLogs(Decoder& decoder, const YamlNode& root, const SidecarConfig& config);

}  // namespace telltale

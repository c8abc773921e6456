// SPDX-License-Identifier: Apache-2.0
//
// Decodes `multiline` and `pipeline` of a log source and compiles them once, so that what is wrong
// with a stage is said with its file and line. Used inside sidecar/config only. Pure but for the
// system's time zones.
#pragma once

#include <string>

#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"
#include "sidecar/pipeline/pipeline_spec.h"

namespace telltale {

// Appends one stage of `pipeline`.
void DecodeStage(Decoder& decoder, const YamlNode& node, const std::string& path,
                 PipelineSpec& out);

// The value of `multiline`, which becomes the first stage.
void DecodeMultiline(Decoder& decoder, const YamlNode& node, const std::string& path,
                     PipelineSpec& out);

// A problem when the stages do not compile.
void CheckPipeline(Decoder& decoder, const YamlNode& node, const std::string& path,
                   const PipelineSpec& spec);

}  // namespace telltale

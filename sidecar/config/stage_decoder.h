// SPDX-License-Identifier: Apache-2.0
//
// Decodes `multiline` and `pipeline` of a log source and compiles them once, so that a problem is
// reported with its file and line. Used by sidecar/config, and by sidecar/node for the pipelines
// that the operator sends. Pure.
//
// A pipeline that a person wrote must be right in full. One that the operator wrote may be of a
// newer release: with Decoder::Tolerate, a stage that has an unknown name or option, or a value
// that does not compile, is left out and reported, and the other stages work. `replace` is the
// exception, because leaving it out would send what it should hide: an unknown option of it is
// ignored, and a replace that does not compile is a problem.
#pragma once

#include <string>

#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"
#include "sidecar/pipeline/pipeline_spec.h"

namespace telltale {

// The whole value of `pipeline`, compiled once. Nothing is compiled if there was a problem.
void DecodeStages(Decoder& decoder, const YamlNode& node, const std::string& path,
                  PipelineSpec& out);

// Appends one stage of `pipeline`. Unknown parts are problems.
void DecodeStage(Decoder& decoder, const YamlNode& node, const std::string& path,
                 PipelineSpec& out);

// The value of `multiline`, which becomes the first stage.
void DecodeMultiline(Decoder& decoder, const YamlNode& node, const std::string& path,
                     PipelineSpec& out);

// A problem if the stages do not compile.
void CheckPipeline(Decoder& decoder, const YamlNode& node, const std::string& path,
                   const PipelineSpec& spec);

}  // namespace telltale

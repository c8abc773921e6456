// SPDX-License-Identifier: Apache-2.0
//
// Guesses of what a person meant who wrote a value that is not allowed: the second half of a
// problem's sentence. Used inside sidecar/config only. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/text/yaml_reader.h"

namespace telltale {

// A value as it stands in a sentence: in quotes, at most 60 bytes of it.
std::string Quoted(std::string_view text);

// Of an unknown key: "; did you mean batchWait?", or the known keys, or what else is wrong with it.
std::string KeyHint(std::string_view key, const std::vector<std::string>& known);

// Of a single value where a map must be: ": a space is missing after the colon of ..." or nothing.
std::string MapHint(const YamlNode& node);
// Of a single value where a list must be: ": write [\"/var/log/*.log\"]" or nothing.
std::string ListHint(const YamlNode& node);
// Of "yes", "on", "True": ": write true" or nothing.
std::string BoolHint(std::string_view value);
// Of "5", "1.5s", "5 s": why it is not a duration, or nothing.
std::string DurationHint(std::string_view value);
// Of "1.5MiB", "1 MiB": why it is not a size, or nothing.
std::string BytesHint(std::string_view value);

// The first "${NAME}" or "$(NAME)" in `text`, or nothing: people expect such to be replaced.
std::string_view FindVariable(std::string_view text);

}  // namespace telltale

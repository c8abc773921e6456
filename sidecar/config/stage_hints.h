// SPDX-License-Identifier: Apache-2.0
//
// Sentences for people who write a stage as Promtail's documentation shows it. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/yaml_reader.h"

namespace telltale {

// What to write in place of the unknown stage `name`; "" if there is no advice.
std::string StageHint(std::string_view name, const YamlNode& value);

// What to write in place of the unknown option `key` of the stage; "" if there is no advice.
std::string OptionHint(std::string_view stage, std::string_view key, const YamlNode& value,
                       const std::vector<std::string>& known);

}  // namespace telltale

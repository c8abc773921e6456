// SPDX-License-Identifier: Apache-2.0
//
// Values of stages as Promtail reads them: each function returns "" or what is wrong, without the
// name of the field. Where Promtail and the sidecar read the same language (regular expressions,
// templates, selectors), the sidecar's compiler is asked first, and then what only Go refuses is
// looked for. `newer` is true of Promtail 3. Internal to operator/plan; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/yaml_reader.h"

namespace telltale {

enum class PromtailValue : std::uint8_t {
  kText,
  kName,      // not empty
  kTexts,     // a list
  kFlag,      // true or false
  kShare,     // from 0 to 1
  kPositive,  // above 0
  kWhole,     // at least 1
  kDuration,  // above 0
  kIdle,      // at least 1s
  kBytes,
  kRegex,
  kTemplate,
  kSelector,
  kPaths,  // name -> JSON path
  kKeys,   // name -> key
  kZone,
  kOnFailure,    // fudge or skip
  kMatchAction,  // keep or drop
  kAny           // not checked here
};

std::string PromtailRefuses(PromtailValue type, const YamlNode& value, bool newer);

}  // namespace telltale

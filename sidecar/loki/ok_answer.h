// SPDX-License-Identifier: Apache-2.0
//
// Whether the body of a 200 agrees with it. Loki and VictoriaLogs answer 204 without a body; other
// stores and gateways answer 200, some of them also when they stored nothing. Pure; called by
// ReadPushAnswer.
#pragma once

#include <string_view>

namespace telltale {

// True for no body, a word such as "ok", and a JSON object that tells of no error.
bool SaysStored(std::string_view body);

}  // namespace telltale

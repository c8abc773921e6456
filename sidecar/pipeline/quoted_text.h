// SPDX-License-Identifier: Apache-2.0
//
// String literals as Go, and so templates and LogQL, write them: "with \n escapes" or `raw`. Pure.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// Takes the literal at the front of `text`, which starts with a double quote or a back quote. False
// if it does not end or has an unknown escape.
bool TakeQuotedText(std::string_view& text, std::string& out);

}  // namespace telltale

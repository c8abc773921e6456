// SPDX-License-Identifier: Apache-2.0
//
// What Go's own parsers refuse in a text that the sidecar's parser takes: regular expressions
// (regexp), templates (text/template with Promtail's functions), selectors (LogQL) and JSON paths
// (go-jmespath). Each function returns "" or a sentence; the text has passed the sidecar's parser.
// `newer` is true of Promtail 3. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

std::string GoRegexProblem(std::string_view text, bool newer);
std::string GoTemplateProblem(std::string_view text, bool newer);
std::string LogQlProblem(std::string_view text, bool newer);
std::string JmesPathProblem(std::string_view text);

}  // namespace telltale

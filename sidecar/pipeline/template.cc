// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/template.h"

#include "common/base/strings.h"

namespace telltale {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

Error Unknown(std::string_view action) {
  return Fail(Code::kInvalid, "\"{{" + std::string(action) +
                                  "}}\" is not supported: write {{ .Value }} or {{ .name }}, with "
                                  "ToLower, ToUpper or TrimSpace such as {{ .Value | ToUpper }}");
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

}  // namespace

Status Template::CompileAction(std::string_view action, Part& part) {
  const auto function = [&](std::string_view name) {
    if (name == "ToLower") {
      part.functions.push_back(Function::kToLower);
    } else if (name == "ToUpper") {
      part.functions.push_back(Function::kToUpper);
    } else if (name == "TrimSpace") {
      part.functions.push_back(Function::kTrimSpace);
    } else {
      return false;
    }
    return true;
  };
  bool first = true;
  for (std::string_view command : Split(action, '|')) {
    auto words = Words(command);
    if (first) {  // [ function ] .name
      if (words.empty() || words.size() > 2 || words.back().size() < 2 || words.back()[0] != '.' ||
          !IsLabelName(words.back().substr(1))) {
        return Unknown(action);
      }
      part.is_name = true;
      part.text = words.back().substr(1);
      if (words.size() == 2 && !function(words[0])) return Unknown(action);
    } else if (words.size() != 1 || !function(words[0])) {
      return Unknown(action);
    }
    first = false;
  }
  return {};
}

Result<Template> Template::Compile(std::string_view text) {
  Template out;
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    if (open != 0) {
      out.parts_.push_back({std::string(text.substr(0, open)), false, {}});
      if (open == text.npos) break;
      text.remove_prefix(open);
    }
    const std::size_t close = text.find("}}");
    if (close == text.npos) return Fail(Code::kInvalid, "has a {{ without its }}");
    TELLTALE_TRY(CompileAction(text.substr(2, close - 2), out.parts_.emplace_back()));
    text.remove_prefix(close + 2);
  }
  return out;
}

std::vector<std::string> Template::Names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (part.is_name) names.push_back(part.text);
  }
  return names;
}

void Template::Render(FunctionRef<bool(std::string_view name, std::string_view& value)> value,
                      std::string& out) const {
  for (const Part& part : parts_) {
    std::string_view text = part.text;
    if (part.is_name && !value(part.text, text)) text = "<no value>";  // as Go prints it
    const std::size_t start = out.size();
    out += text;
    for (const Function function : part.functions) {
      if (function == Function::kTrimSpace) {
        const std::string trimmed(Trim(std::string_view(out).substr(start)));
        out.replace(start, std::string::npos, trimmed);
        continue;
      }
      for (std::size_t i = start; i < out.size(); ++i) {
        out[i] = function == Function::kToLower ? Lower(out[i]) : Upper(out[i]);
      }
    }
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// action   = "{{" [ "- " ] ( pipeline / "if" pipeline / "else" [ "if" pipeline ] / "end" ) [ " -" ]
// "}}" pipeline = command *( "|" command ) command  = operand / function *operand operand  = "."
// name / string / number / "true" / "false" / "(" pipeline ")"
#include "sidecar/pipeline/template_parser.h"

#include <algorithm>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/quoted_text.h"

namespace telltale {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";
constexpr int kMaxDepth = 8;

void SkipSpaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
}

void TrimEnd(std::string& text) {
  const std::size_t last = text.find_last_not_of(kSpaces);
  text.resize(last == text.npos ? 0 : last + 1);
}

std::string_view TakeWord(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (IsLetter(text[end]) || IsDigit(text[end]) || text[end] == '_')) {
    ++end;
  }
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// The text behind the word `keyword`; nullopt if the action is another one.
std::optional<std::string_view> Behind(std::string_view action, std::string_view keyword) {
  if (!action.starts_with(keyword)) return std::nullopt;
  action.remove_prefix(keyword.size());
  if (!action.empty() && kSpaces.find(action.front()) == kSpaces.npos) return std::nullopt;
  return Trim(action);
}

Error Unsupported(std::string_view action) {
  return Fail(Code::kInvalid,
              "\"{{" + std::string(action) +
                  "}}\" is not supported: write {{ .Value }}, {{ .name }}, {{ if }}, {{ else }}, "
                  "{{ end }} and the functions " +
                  TemplateFunctionNames());
}

// Where the action ends: a "}}" outside of quotes.
std::size_t EndOfAction(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == '\\' && quote == '"') {
        ++i;
      } else if (text[i] == quote) {
        quote = '\0';
      }
    } else if (text[i] == '"' || text[i] == '`') {
      quote = text[i];
    } else if (text[i] == '}' && text[i + 1] == '}') {
      return i;
    }
  }
  return text.npos;
}

}  // namespace

Status TemplateParser::Parse(std::vector<TemplateNode>& out) {
  std::optional<std::string_view> stop;
  TELLTALE_TRY(Nodes(out, 0, stop));
  if (stop) return Fail(Code::kInvalid, "has {{" + std::string(*stop) + "}} without an {{ if }}");
  return {};
}

Result<bool> TemplateParser::NextAction(std::string& text, std::string_view& action) {
  const std::size_t open = std::min(rest_.find("{{"), rest_.size());
  text = rest_.substr(0, open);
  if (trim_next_) text.erase(0, std::min(text.find_first_not_of(kSpaces), text.size()));
  trim_next_ = false;
  rest_.remove_prefix(open);
  if (rest_.empty()) return false;
  rest_.remove_prefix(2);
  const std::size_t close = EndOfAction(rest_);
  if (close == rest_.npos) return Fail(Code::kInvalid, "has a {{ without its }}");
  action = rest_.substr(0, close);
  rest_.remove_prefix(close + 2);
  if (action.size() > 1 && action[0] == '-' && kSpaces.find(action[1]) != kSpaces.npos) {
    TrimEnd(text);
    action.remove_prefix(1);
  }
  if (action.size() > 1 && action.back() == '-' &&
      kSpaces.find(action[action.size() - 2]) != kSpaces.npos) {
    trim_next_ = true;
    action.remove_suffix(1);
  }
  return true;
}

Status TemplateParser::Nodes(std::vector<TemplateNode>& out, int depth,
                             std::optional<std::string_view>& stop) {
  if (depth > kMaxDepth) return Fail(Code::kInvalid, "has {{ if }} nested more than 8 deep");
  while (true) {
    TemplateNode& node = out.emplace_back();
    std::string_view action;
    auto more = NextAction(node.text, action);
    if (!more) return more.error();
    if (!*more) return {};
    const std::string_view trimmed = Trim(action);
    if (trimmed.starts_with("/*") && trimmed.ends_with("*/")) continue;  // a comment
    if (trimmed == "end" || Behind(trimmed, "else")) {
      stop = trimmed;
      return {};
    }
    if (const auto condition = Behind(trimmed, "if")) {
      TELLTALE_TRY(If(*condition, node, depth));
    } else {
      TELLTALE_TRY(Expression(trimmed, node.print));
      node.prints = true;
    }
  }
}

Status TemplateParser::If(std::string_view condition, TemplateNode& node, int depth) {
  std::optional<std::string_view> next = condition;
  while (true) {
    TemplateNode::Branch& branch = node.branches.emplace_back();
    branch.always = !next;
    if (next) TELLTALE_TRY(Expression(*next, branch.condition));
    std::optional<std::string_view> stop;
    TELLTALE_TRY(Nodes(branch.nodes, depth + 1, stop));
    if (!stop) return Fail(Code::kInvalid, "has an {{ if }} without its {{ end }}");
    if (*stop == "end") return {};
    if (branch.always) return Fail(Code::kInvalid, "has an {{ else }} behind an {{ else }}");
    const std::string_view rest = *Behind(*stop, "else");
    next = Behind(rest, "if");
    if (!next && !rest.empty()) return Unsupported(*stop);
  }
}

Status TemplateParser::Expression(std::string_view text, TemplateOperand& out) {
  std::string_view rest = text;
  const Status status = Pipeline(rest, 0, out);
  if (!status.ok()) {
    return status.error().message.empty() ? Status(Unsupported(text)) : status;
  }
  return rest.empty() ? Status() : Status(Unsupported(text));
}

// An empty message stands for Unsupported, which names the whole action.
Status TemplateParser::Pipeline(std::string_view& text, int depth, TemplateOperand& out) {
  if (depth > kMaxDepth) return Fail(Code::kInvalid, "");
  TELLTALE_TRY(Command(text, depth, out));
  while (text.starts_with('|')) {
    text.remove_prefix(1);
    if (out.kind == TemplateOperand::Kind::kCall) TELLTALE_TRY(CheckCall(out));
    TemplateOperand call;
    TELLTALE_TRY(Command(text, depth, call));
    if (call.kind != TemplateOperand::Kind::kCall) return Fail(Code::kInvalid, "");
    call.arguments.push_back(std::move(out));
    out = std::move(call);
  }
  if (out.kind == TemplateOperand::Kind::kCall) TELLTALE_TRY(CheckCall(out));
  return {};
}

Status TemplateParser::Command(std::string_view& text, int depth, TemplateOperand& out) {
  SkipSpaces(text);
  if (text.empty()) return Fail(Code::kInvalid, "");
  if (IsLetter(text.front()) && !Behind(text, "true") && !Behind(text, "false")) {
    const std::string_view name = TakeWord(text);
    out.kind = TemplateOperand::Kind::kCall;
    out.function = FindTemplateFunction(name);
    if (out.function == nullptr) return Fail(Code::kInvalid, "");
    while (true) {
      TemplateOperand argument;
      auto more = Operand(text, depth, argument);
      if (!more) return more.error();
      if (!*more) break;
      out.arguments.push_back(std::move(argument));
    }
    return {};
  }
  auto taken = Operand(text, depth, out);
  if (!taken) return taken.error();
  if (!*taken) return Fail(Code::kInvalid, "");
  SkipSpaces(text);
  return {};
}

// Takes an operand and the spaces around it. False at the end, at a pipe or a closing parenthesis.
Result<bool> TemplateParser::Operand(std::string_view& text, int depth, TemplateOperand& out) {
  SkipSpaces(text);
  if (text.empty() || text.front() == '|' || text.front() == ')') return false;
  const char c = text.front();
  if (c == '"' || c == '`') {
    if (!TakeQuotedText(text, out.constant.text)) {
      return Fail(Code::kInvalid, "has a quoted text that does not end or has an unknown escape");
    }
  } else if (c == '(') {
    text.remove_prefix(1);
    TELLTALE_TRY(Pipeline(text, depth + 1, out));
    if (!text.starts_with(')')) return Fail(Code::kInvalid, "");
    text.remove_prefix(1);
  } else if (c == '.') {
    text.remove_prefix(1);
    out.kind = TemplateOperand::Kind::kField;
    out.field = TakeWord(text);
    if (!IsLabelName(out.field)) return Fail(Code::kInvalid, "");
    if (std::ranges::find(names_, out.field) == names_.end()) names_.push_back(out.field);
  } else if (c == '-' || IsDigit(c)) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789.", 1), text.size());
    out.constant.text = text.substr(0, end);
    text.remove_prefix(end);
  } else {
    const std::string_view word = TakeWord(text);
    if (word != "true" && word != "false") return Fail(Code::kInvalid, "");
    out.constant = {std::string(word), TemplateValue::Kind::kBool};
  }
  if (!text.empty() && text.front() != '|' && text.front() != ')' &&
      kSpaces.find(text.front()) == kSpaces.npos) {
    return Fail(Code::kInvalid, "");
  }
  SkipSpaces(text);
  return true;
}

Status TemplateParser::CheckCall(TemplateOperand& call) const {
  const TemplateFunction& function = *call.function;
  const std::size_t count = call.arguments.size();
  if (count < function.least || count > function.most) {
    const std::string wanted = function.least == function.most
                                   ? std::to_string(function.least)
                                   : "at least " + std::to_string(function.least);
    return Fail(Code::kInvalid, std::string(function.name) + " takes " + wanted +
                                    " arguments, but has " + std::to_string(count));
  }
  if (!function.takes_regex || call.regex != nullptr) return {};
  if (call.arguments[0].kind != TemplateOperand::Kind::kConstant) {
    return Fail(Code::kInvalid, std::string(function.name) + " needs its expression in quotes");
  }
  auto regex = Regex::Compile(call.arguments[0].constant.text);
  if (!regex) return Context(function.name, regex.error());
  call.regex = std::make_shared<const Regex>(std::move(*regex));
  return {};
}

}  // namespace telltale

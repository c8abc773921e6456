// SPDX-License-Identifier: Apache-2.0
#include "common/text/yaml_explain.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
constexpr auto kNone = std::string_view::npos;

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string quoted = "\"";
  AppendValidUtf8(text.substr(0, kMost), quoted);
  return quoted + (text.size() > kMost ? "...\"" : "\"");
}

std::size_t Indent(std::string_view line) {
  return std::min(line.find_first_not_of(" \t"), line.size());
}

// The line without its indentation and without the dashes of list items.
std::string_view Content(std::string_view line) {
  line = Trim(line);
  while (line.starts_with("- ")) line = Trim(line.substr(2));
  return line;
}

// Where the colon after the first key is, outside of quotes; kNone when the line has none.
std::size_t FirstColon(std::string_view line) {
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quote != '\0') {
      if (line[i] == quote) quote = '\0';
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == ':' && (i + 1 == line.size() || line[i + 1] == ' ')) {
      return i;
    }
  }
  return kNone;
}

std::string_view KeyOf(std::string_view line) {
  const std::string_view content = Content(line);
  return Trim(content.substr(0, std::min(FirstColon(content), content.size())));
}

// The key of "url:http://l", where a space is missing; empty when that is not the mistake. What
// stands before "//" is the scheme of a URL.
std::string_view KeyWithoutSpace(std::string_view line) {
  const std::string_view content = Content(line);
  const std::size_t colon = content.find(':');
  if (colon == kNone || colon == 0 || colon + 1 == content.size() || FirstColon(content) != kNone) {
    return {};
  }
  const std::string_view key = content.substr(0, colon), value = content.substr(colon + 1);
  const bool name = IsLetter(key.front()) || key.front() == '_';
  const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
  });
  return name && plain && !value.starts_with("//") ? key : std::string_view();
}

class Explainer {
 public:
  Explainer(std::string_view text, int line, int column)
      : text_(text), lines_(Split(text, '\n')), line_(line), column_(column) {
    for (std::string_view& each : lines_) {
      if (each.ends_with('\r')) each.remove_suffix(1);
    }
  }

  YamlProblem Explain(std::string_view message) {
    const bool flow = message.find("flow") != kNone;
    if (!flow) {
      if (auto white = WhiteSpace()) return *white;
    }
    if (message == "illegal map value") return MapValue();
    if (message == "end of map not found" || message == "end of sequence not found") return End();
    if (message == "end of map flow not found") return FlowEnd('{', '}');
    if (message == "end of sequence flow not found") return FlowEnd('[', ']');
    if (message == "illegal flow end") return Here("there is a " + Quoted(Rest(1)) + " too many");
    if (message == "illegal block entry") {
      return Here("a list item (\"- \") must begin on a line of its own, or stand in [brackets]");
    }
    if (message == "unexpected character in block scalar") {
      return Here("after \"|\" or \">\" the text begins in the next line");
    }
    if (message == "the referenced anchor is not defined" || message.starts_with("alias not")) {
      return Alias();
    }
    if (message == "unknown token") {
      return Here("a text must not begin with " + Quoted(Rest(1)) + ": put it in quotes");
    }
    if (message.starts_with("tag ") || message.find("tag") != kNone) {
      return Here("\"!\" begins a tag in YAML: put the text in quotes");
    }
    return Escape(message);
  }

 private:
  std::string_view At(int line) const {
    const auto index = static_cast<std::size_t>(line - 1);
    return line >= 1 && index < lines_.size() ? lines_[index] : std::string_view();
  }
  std::string_view Line() const { return At(line_); }
  // From the column on, at most `most` bytes.
  std::string_view Rest(std::size_t most) const {
    const auto column = static_cast<std::size_t>(column_ - 1);
    return column < Line().size() ? Line().substr(column, most) : std::string_view();
  }
  YamlProblem Here(std::string what) const { return {line_, std::move(what)}; }

  // The line before this one that is neither blank nor a comment; 0 when there is none.
  int Before(int line) const {
    for (--line; line > 0; --line) {
      const std::string_view text = Trim(At(line));
      if (!text.empty() && !text.starts_with('#')) return line;
    }
    return 0;
  }

  // JSON may be indented with tabs.
  std::optional<YamlProblem> WhiteSpace() const {
    const std::string_view whole = Trim(text_);
    if (whole.starts_with('{') || whole.starts_with('[')) return std::nullopt;
    for (const int line : {line_, Before(line_)}) {
      const std::string_view text = At(line);
      if (text.substr(0, Indent(text)).find('\t') != kNone) {
        return YamlProblem{line, "a tab at the start of the line: indent with spaces"};
      }
      if (text.substr(Indent(text)).starts_with(kNoBreakSpace)) {
        return YamlProblem{line,
                           "a no-break space at the start of the line: indent with plain spaces"};
      }
      const std::string_view dash = Trim(text);
      if (dash.starts_with("-\t") || dash.starts_with("- \t")) {
        return YamlProblem{line, "a tab after \"-\": use a space"};
      }
    }
    return std::nullopt;
  }

  YamlProblem MapValue() const {
    const std::size_t colon = FirstColon(Line());
    if (colon != kNone && colon + 1 < static_cast<std::size_t>(column_)) {
      return Here("the value of " + Quoted(KeyOf(Line())) +
                  " has a colon and a space in it: put the value in quotes");
    }
    const int before = Before(line_);
    const std::string_view above = At(before);
    if (Content(above).starts_with("//")) {
      return {before, "a comment begins with \"#\", not with \"//\""};
    }
    if (!KeyWithoutSpace(above).empty()) {
      int first = before;
      while (!KeyWithoutSpace(At(Before(first))).empty()) first = Before(first);
      return {first, "a space is missing after the colon of " + Quoted(KeyWithoutSpace(At(first)))};
    }
    if (before > 0 && FirstColon(above) == kNone) {
      if (Indent(above) == Indent(Line()) && !Trim(above).starts_with('-')) {
        return {before, "a colon is missing after " + Quoted(Trim(above))};
      }
      if (Trim(above).starts_with('-')) {
        return Here(Quoted(KeyOf(Line())) + " is indented as a part of the list item above it, " +
                    Quoted(Content(above)) + ", which is a text");
      }
    }
    if (before > 0 && Indent(Line()) > Indent(above)) {
      return Here(Quoted(KeyOf(Line())) + " is indented deeper than the key above it, " +
                  Quoted(KeyOf(above)) + ", which has a value already");
    }
    return Here(
        "a key is not possible here: compare the indentation and the colons of this line "
        "with those of the line above");
  }

  YamlProblem End() const {
    if (static_cast<std::size_t>(column_ - 1) == Indent(Line())) {
      if (Trim(Line()).starts_with('-')) {
        return Here("the list item is indented differently from the lines above it");
      }
      if (FirstColon(Line()) != kNone) {
        return Here(Quoted(KeyOf(Line())) + " is indented differently from the keys above it");
      }
      return Here(Quoted(Trim(Line())) + " is neither a key with a colon nor a list item");
    }
    const std::string_view before = Trim(Line().substr(0, static_cast<std::size_t>(column_ - 1)));
    if (before.ends_with('\'')) {
      return Here("there is text after the closing quote: a ' in single quotes is written ''");
    }
    if (before.ends_with('"')) {
      return Here("there is text after the closing quote: a \" in double quotes is written \\\"");
    }
    return Here(Quoted(Rest(kNone)) + " does not belong to the line above");
  }

  // The line of the innermost bracket that is open at the place of the error.
  int OpenBracket(char open, char close) const {
    std::vector<int> lines;
    for (int line = 1; line <= line_; ++line) {
      std::string_view text = At(line);
      if (line == line_) text = text.substr(0, static_cast<std::size_t>(column_ - 1));
      char quote = '\0';
      for (const char c : text) {
        if (quote != '\0') {
          if (c == quote) quote = '\0';
        } else if (c == '"') {
          quote = c;
        } else if (c == open) {
          lines.push_back(line);
        } else if (c == close && !lines.empty()) {
          lines.pop_back();
        }
      }
    }
    return lines.empty() ? 0 : lines.back();
  }

  YamlProblem FlowEnd(char open, char close) const {
    const std::size_t at = static_cast<std::size_t>(column_ - 1);
    if ((Rest(1) == "{" || Rest(1) == "[") && at > 0 && at < Line().size() &&
        std::string_view(" \t[{,:").find(Line()[at - 1]) == kNone) {
      return Here(Quoted(Rest(1)) + " begins a " + (Rest(1) == "{" ? "map" : "list") +
                  " between brackets in YAML: put the text in quotes");
    }
    if (Rest(1) == std::string_view(&open, 1)) {
      return Here("the " + Quoted({&open, 1}) + " is not closed");
    }
    const std::string missing = "a comma or the closing " + Quoted({&close, 1}) + " is missing";
    const int opened = OpenBracket(open, close);
    if (opened == 0 || opened == line_) return Here(missing);
    return Here(missing + "; the " + Quoted({&open, 1}) + " is in line " + std::to_string(opened));
  }

  YamlProblem Alias() const {
    std::string_view rest = Line();
    rest = rest.substr(
        std::min(rest.find('*', static_cast<std::size_t>(std::max(column_ - 2, 0))), rest.size()));
    rest = rest.substr(0, rest.find_first_of(" ,]}\t"));
    return Here("\"*\" begins an alias in YAML: put the pattern in quotes, " + Quoted(rest));
  }

  YamlProblem Escape(std::string_view message) const {
    constexpr std::string_view kUnknown = "unknown escape character: ";
    if (message.starts_with(kUnknown)) {
      const std::string letter(message.substr(kUnknown.size()));
      return Here("\"\\" + letter +
                  "\" is no escape in double quotes: use single quotes, or write \"\\\\" + letter +
                  "\"");
    }
    if (message == "bad character found while scanning hex number") {
      const int line = column_ == 1 && line_ > 1 ? line_ - 1 : line_;
      return {line,
              "\\x, \\u and \\U in double quotes need 2, 4 and 8 hexadecimal digits: use single "
              "quotes for a text with backslashes"};
    }
    return Here(std::string(message));
  }

  const std::string_view text_;
  std::vector<std::string_view> lines_;
  const int line_, column_;
};

}  // namespace

YamlProblem ExplainYamlError(std::string_view text, int line, int column,
                             std::string_view message) {
  return Explainer(text, line, column).Explain(message);
}

}  // namespace telltale

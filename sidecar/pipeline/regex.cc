// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/ascii.h"

namespace telltale {
namespace {

// For the program and the states that RE2 adds while it matches. A sidecar requests 16 MiB.
constexpr std::int64_t kMaxMemory = 2 << 20;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options Options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  return options;
}

// RE2's message with what it does not say: which of a person's habits it does not support.
std::string Explained(const RE2& re) {
  std::string message = re.error();
  switch (re.error_code()) {
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorRepeatOp:
    case RE2::ErrorBadEscape:
      return message + " (RE2 has no look-around, back references or possessive repeats)";
    case RE2::ErrorPatternTooLarge:
      return message + " (it needs more than 2 MiB: use smaller repeat counts)";
    default:
      return message;
  }
}

}  // namespace

struct Regex::Impl {
  explicit Impl(std::string_view expression) : re(Piece(expression), Options()) {}
  RE2 re;
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  names_.resize(static_cast<std::size_t>(impl_->re.NumberOfCapturingGroups()) + 1);
  for (const auto& [group, name] : impl_->re.CapturingGroupNames()) {
    names_[static_cast<std::size_t>(group)] = name;
  }
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

// RE2 of Debian 12 does not know the form (?<name>...) that Go 1.22 and Promtail 3 take.
std::string Regex::WithPythonNames(std::string_view expression) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const std::string_view rest = expression.substr(i);
    if (rest.starts_with("\\Q")) {  // literal up to \E
      const std::size_t end = std::min(rest.find("\\E"), rest.size());
      out += rest.substr(0, end);
      i += end - 1;
      continue;
    }
    out += c;
    if (c == '\\' && i + 1 < expression.size()) {
      out += expression[++i];
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      // A ] that comes first is a member of the class.
      if (rest.substr(1).starts_with("^")) out += expression[++i];
      if (expression.substr(i + 1).starts_with("]")) out += expression[++i];
    } else if (rest.starts_with("(?<") && rest.size() > 3 &&
               (rest[3] == '_' || IsLetter(rest[3]))) {
      out += "?P";
      ++i;
    }
  }
  return out;
}

Result<Regex> Regex::Compile(std::string_view expression) {
  auto impl = std::make_unique<Impl>(WithPythonNames(expression));
  if (!impl->re.ok()) {
    return Fail(Code::kInvalid, "must be an RE2 regular expression: " + Explained(impl->re));
  }
  if (static_cast<std::size_t>(impl->re.NumberOfCapturingGroups()) >= kMaxGroups) {
    return Fail(Code::kInvalid, "must have fewer than 32 groups");
  }
  return Regex(std::move(impl));
}

Result<Regex> Regex::CompileExactly(std::string_view text) {
  return Compile("^" + RE2::QuoteMeta(Piece(text)) + "$");
}

bool Regex::Matches(std::string_view text) const {
  return impl_->re.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Regex::Find(std::string_view text, std::size_t from,
                 std::span<std::string_view> groups) const {
  std::array<re2::StringPiece, kMaxGroups> pieces;
  const std::size_t count = std::min(groups.size(), names_.size());
  if (!impl_->re.Match(Piece(text), from, text.size(), RE2::UNANCHORED, pieces.data(),
                       static_cast<int>(count))) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) groups[i] = {pieces[i].data(), pieces[i].size()};
  return true;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions that users write, matched in linear time. Fence of RE2, whose syntax and
// choice of match are Go's; (?<name>...) is taken as (?P<name>...), as Go 1.22 does. Thread-safe
// once made; the matchers allocate nothing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

class Regex {
 public:
  static constexpr std::size_t kMaxGroups = 32;

  // kInvalid with a sentence that says what is wrong.
  static Result<Regex> Compile(std::string_view expression);
  // Matches exactly `text`, taken literally.
  static Result<Regex> CompileExactly(std::string_view text);

  // The expression with (?P<name>...) for (?<name>...), as programs built with an older Go need it.
  static std::string WithPythonNames(std::string_view expression);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Number of groups; group 0 is the whole match.
  std::size_t groups() const { return names_.size(); }
  // Empty for one without a name.
  const std::string& name(std::size_t group) const { return names_[group]; }

  bool Matches(std::string_view text) const;
  // Finds the leftmost match at or after `from` and fills `groups`, at most groups() of them. A
  // group that took no part in the match has null data.
  bool Find(std::string_view text, std::size_t from, std::span<std::string_view> groups) const;

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::vector<std::string> names_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of users, in linear time whatever they are. Fence of RE2, whose syntax and
// choice of match are Go's. Thread-safe once made; no allocation in the matchers.
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

  // kInvalid with what is wrong with the expression.
  static Result<Regex> Compile(std::string_view expression);
  // `text` taken literally, and it must be the whole.
  static Result<Regex> CompileExactly(std::string_view text);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Groups of the expression, the 0th being the whole match.
  std::size_t groups() const { return names_.size(); }
  // Empty for one without a name.
  const std::string& name(std::size_t group) const { return names_[group]; }

  bool Matches(std::string_view text) const;
  // The leftmost match at or behind `from`. Fills `groups`, of which there are at most groups();
  // one that took no part has no data.
  bool Find(std::string_view text, std::size_t from, std::span<std::string_view> groups) const;

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::vector<std::string> names_;
};

}  // namespace telltale

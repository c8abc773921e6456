// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace telltale {
namespace {

// For the program and the states that it builds as it goes: a sidecar lives in 16 MiB.
constexpr std::int64_t kMaxMemory = 2 << 20;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options Options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  return options;
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

Result<Regex> Regex::Compile(std::string_view expression) {
  auto impl = std::make_unique<Impl>(expression);
  if (!impl->re.ok()) {
    return Fail(Code::kInvalid, "must be an RE2 regular expression: " + impl->re.error());
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

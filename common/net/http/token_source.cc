// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/token_source.h"

#include <algorithm>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr auto kReadAgain = std::chrono::minutes(1);
constexpr std::size_t kMaxToken = 64u << 10;

}  // namespace

bool IsHeaderToken(std::string_view token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

TokenSource::TokenSource(std::string fixed, std::string file, Clock& clock, std::string what,
                         Form form)
    : file_(std::move(file)),
      what_(std::move(what)),
      form_(form),
      clock_(clock),
      token_(std::move(fixed)) {}

Result<std::string> TokenSource::Get() {
  MutexLock lock(mutex_);
  if (file_.empty()) return token_;
  const SteadyTime now = clock_.Steady();
  if (read_at_ && now - *read_at_ < kReadAgain) return token_;
  auto fresh = Read();
  if (fresh.ok()) {
    token_ = std::move(*fresh);
  } else if (token_.empty()) {
    return fresh.error();
  } else {
    LogWarn("a secret cannot be read again: the old one stays",
            {{"what", what_}, {"error", fresh.error().message}});
  }
  read_at_ = now;
  return token_;
}

void TokenSource::Rejected() {
  MutexLock lock(mutex_);
  read_at_.reset();
}

Result<std::string> TokenSource::Read() const {
  auto text = ReadFile(file_, kMaxToken);
  if (!text.ok()) return Context("reading " + what_, text.error());
  const std::string_view token = Trim(*text);
  if (form_ == Form::kPassword && !token.empty()) return std::string(token);
  if (form_ == Form::kPassword) return Fail(Code::kInvalid, what_ + " in " + file_ + " is empty");
  if (!IsHeaderToken(token)) {
    return Fail(Code::kInvalid, "the file " + file_ + " of " + what_ + " does not hold one token");
  }
  return std::string(token);
}

}  // namespace telltale

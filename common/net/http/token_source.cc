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

// No user name or password may have them (RFC 7617).
bool IsControl(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

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
  std::string_view token = *text;
  if (token.starts_with("\xef\xbb\xbf")) token.remove_prefix(3);  // an editor's byte order mark
  token = Trim(token);
  if (form_ == Form::kPassword) {
    if (token.empty()) return Fail(Code::kInvalid, what_ + " in " + file_ + " is empty");
    const bool line = std::none_of(token.begin(), token.end(), IsControl);
    if (line) return std::string(token);
    return Fail(Code::kInvalid, "the file " + file_ + " of " + what_ +
                                    " holds more than one line, or control characters");
  }
  if (!IsHeaderToken(token)) {
    return Fail(Code::kInvalid, "the file " + file_ + " of " + what_ + " does not hold one token");
  }
  return std::string(token);
}

}  // namespace telltale

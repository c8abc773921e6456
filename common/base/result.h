// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error. Every function of ours that can fail returns one; exceptions of
// third-party libraries are caught in the fence file that includes them and become an Error.
// Shaped like std::expected, so that it can be replaced by it. Thread-compatible.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace telltale {

// What the caller can do about an error; the message is for a person.
enum class Code {
  kInvalid,      // the input is wrong; the same call fails again
  kNotFound,     // the thing does not exist (HTTP 404, ENOENT)
  kConflict,     // somebody else changed it first (HTTP 409): read again, then retry
  kGone,         // history is no longer kept (HTTP 410): list again
  kPermission,   // not allowed (HTTP 401, 403, EACCES)
  kTooLarge,     // a limit of ours or of the peer (HTTP 413) was exceeded
  kUnavailable,  // the peer cannot be reached or is overloaded (429, 5xx): retry later
  kTimeout,      // a deadline passed
  kCancelled,    // we were asked to stop
  kInternal,     // none of the above
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // The value; only when ok().
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  // The error; only when !ok().
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

inline Error Fail(Code code, std::string message) { return Error{code, std::move(message)}; }

// The same error with the place it came from in front: "reading /etc/x.yaml: permission denied".
inline Error Context(std::string_view where, Error error) {
  error.message.insert(0, std::string(where) + ": ");
  return error;
}

std::string_view CodeName(Code code);

}  // namespace telltale

// Returns the error of `expr` from the enclosing function. The counter gives each use a name of its
// own, because `expr` is often a call with a lambda that uses the macro again.
#define TELLTALE_TRY(expr) TELLTALE_TRY_AS(TELLTALE_CONCAT(try_result_, __COUNTER__), expr)
#define TELLTALE_TRY_AS(name, expr)                          \
  do {                                                       \
    if (auto name = (expr); !name.ok()) return name.error(); \
  } while (false)
#define TELLTALE_CONCAT(a, b) TELLTALE_CONCAT_EXPANDED(a, b)
#define TELLTALE_CONCAT_EXPANDED(a, b) a##b

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/ok_answer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::string_view kWords[] = {"", "ok", "success", "accepted", "done"};
// Keys whose value tells of an error, unless it is one of kNothing.
constexpr std::string_view kErrors[] = {"error", "errors", "fault"};
constexpr std::string_view kNothing[] = {"null", "false", "\"\"", "[]", "{}"};
// Keys that are false if nothing was stored.
constexpr std::string_view kGood[] = {"success", "ok"};
// Keys of a word or of a number as in HTTP.
constexpr std::string_view kStatus[] = {"status", "result", "code", "statuscode"};
constexpr std::string_view kBad[] = {"\"err", "\"fail", "\"denied", "\"unauthorized",
                                     "\"forbidden"};

// What stands behind `"key":`, on any level; nullopt without such a key.
std::optional<std::string_view> ValueOf(std::string_view object, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\"";
  for (std::size_t at = object.find(quoted); at != object.npos; at = object.find(quoted, at + 1)) {
    const std::string_view rest = Trim(object.substr(at + quoted.size()));
    if (rest.starts_with(':')) return Trim(rest.substr(1));
  }
  return std::nullopt;
}

bool BeginsWithOneOf(std::string_view text, auto& starts) {
  return std::ranges::any_of(starts, [&](std::string_view one) { return text.starts_with(one); });
}

bool IsNoError(std::string_view value) {
  const bool zero = value.starts_with('0') && !(value.size() > 1 && IsDigit(value[1]));
  return zero || BeginsWithOneOf(value, kNothing);
}

bool IsBadStatus(std::string_view value) {
  if (BeginsWithOneOf(value, kBad)) return true;
  if (value.starts_with('"')) value.remove_prefix(1);
  const auto digits = std::ranges::find_if_not(value, IsDigit) - value.begin();
  return digits == 3 && value[0] >= '4';
}

bool TellsOfError(std::string_view object) {
  for (const std::string_view key : kErrors) {
    const auto value = ValueOf(object, key);
    if (value && !IsNoError(*value)) return true;
  }
  for (const std::string_view key : kGood) {
    const auto value = ValueOf(object, key);
    if (value && value->starts_with("false")) return true;
  }
  return std::ranges::any_of(kStatus, [&](std::string_view key) {
    const auto value = ValueOf(object, key);
    return value && IsBadStatus(*value);
  });
}

}  // namespace

bool SaysStored(std::string_view body) {
  const std::string text = LowerAscii(Trim(body));
  if (text.starts_with('{')) return !TellsOfError(text);
  return std::ranges::find(kWords, text) != std::end(kWords);
}

}  // namespace telltale

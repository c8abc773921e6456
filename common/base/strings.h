// SPDX-License-Identifier: Apache-2.0
//
// Small pure string functions that the standard library lacks. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telltale {

// Sorted by key, no key twice: Kubernetes labels, metric labels, stream labels.
using Labels = std::vector<std::pair<std::string, std::string>>;

// Empty when the key is absent.
const std::string* FindLabel(const Labels& labels, std::string_view key);
// Inserts or replaces, keeping the order.
void SetLabel(Labels& labels, std::string_view key, std::string_view value);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::optional<std::int64_t> ParseInt(std::string_view text);

// Prometheus durations "1m30s", "500ms", "2d" (units y w d h m s ms, each once, in that order;
// prometheus/common model.ParseDuration) in milliseconds; nothing when it is not one.
std::optional<std::int64_t> ParseDurationMs(std::string_view text);
// "1MiB", "64KB", "512" in bytes.
std::optional<std::int64_t> ParseBytes(std::string_view text);

// 64-bit FNV-1a: the same in every build and process, so it may be stored; not for security.
std::uint64_t Hash64(std::string_view bytes);
// The same as 16 hex digits: names a version of a text.
std::string HashHex(std::string_view text);

// Turns any bytes into valid UTF-8; each bad byte becomes U+FFFD. Appends to out.
void AppendValidUtf8(std::string_view bytes, std::string& out);

// [a-zA-Z_][a-zA-Z0-9_]*, what Prometheus takes as a label name without quotes.
bool IsLabelName(std::string_view name);

// A Kubernetes label key as a Prometheus label name: every character outside [a-zA-Z0-9_] is '_',
// and a leading digit gets a '_' before it (prometheus strutil.SanitizeLabelName).
std::string SanitizeLabelName(std::string_view name);

std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace telltale

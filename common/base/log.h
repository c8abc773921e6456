// SPDX-License-Identifier: Apache-2.0
//
// Structured log lines on stderr, as logfmt (ts=... level=info msg="..." key=value) or JSON.
// Called from every thread; one write(2) per line. Values are quoted when they need it; a line is
// at most 16 KiB. Never log a credential.
//
//   LogInfo("config loaded", {{"file", path}, {"hash", hash}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
  std::string_view key;
  std::string value;
};

using LogFields = std::initializer_list<LogField>;

// "debug", "info", "warn", "error"; "logfmt" or "json". Set once at start, before other threads.
Status ConfigureLog(std::string_view level, std::string_view format);

// Replaces stderr, for tests. Null restores it. The sink is called under the logger's lock.
using LogSink = void (*)(std::string_view line);
void SetLogSinkForTest(LogSink sink);

bool LogEnabled(LogLevel level);
void Log(LogLevel level, std::string_view message, LogFields fields);

inline void LogDebug(std::string_view m, LogFields f = {}) { Log(LogLevel::kDebug, m, f); }
inline void LogInfo(std::string_view m, LogFields f = {}) { Log(LogLevel::kInfo, m, f); }
inline void LogWarn(std::string_view m, LogFields f = {}) { Log(LogLevel::kWarn, m, f); }
inline void LogError(std::string_view m, LogFields f = {}) { Log(LogLevel::kError, m, f); }

}  // namespace telltale

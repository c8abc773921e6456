// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "common/base/clock.h"
#include "common/base/json_escape.h"
#include "common/base/mutex.h"
#include "common/base/rfc3339.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxLine = 16u << 10;
// Room for the last character's escape, the closing quote, the mark and the newline.
constexpr std::size_t kTailRoom = 64;

// Constant after ConfigureLog, but tests change them while threads run.
std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<bool> g_json{false};

// Also keeps lines longer than PIPE_BUF whole.
Mutex g_mutex;
LogSink g_sink GUARDED_BY(g_mutex) = nullptr;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

bool Full(const std::string& line) { return line.size() + kTailRoom > kMaxLine; }

// A JSON string, which logfmt readers accept as well. Cut where the line is full.
void AppendQuoted(std::string_view text, std::string& line) {
  std::string valid;
  AppendValidUtf8(text.substr(0, kMaxLine), valid);
  line += '"';
  for (const char c : valid) {
    const auto byte = static_cast<unsigned char>(c);
    // Cut only between characters: a continuation byte belongs to the one before.
    if ((byte & 0xC0u) != 0x80u && Full(line)) break;
    if (IsPlainInJson(c) && byte != 0x7F) {
      line += c;
    } else {
      AppendJsonEscape(c, line);
    }
  }
  line += '"';
}

bool IsPlain(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
  }
  return !value.empty();
}

void AppendField(std::string_view key, std::string_view value, bool json, std::string& line) {
  if (json) {
    line += line.size() > 1 ? "," : "";
    AppendQuoted(key, line);
    line += ':';
    AppendQuoted(value, line);
    return;
  }
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  if (line.size() + value.size() + kTailRoom < kMaxLine && IsPlain(value)) {
    line += value;
  } else {
    AppendQuoted(value, line);
  }
}

void WriteLine(std::string_view line) {
  MutexLock lock(g_mutex);
  if (g_sink != nullptr) {
    g_sink(line);
    return;
  }
  // One call, so that lines of several processes on one stderr do not mix. A line that cannot be
  // written is lost: there is nowhere else to say so.
  ssize_t written = 0;
  do {
    written = ::write(STDERR_FILENO, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
}

}  // namespace

Status ConfigureLog(std::string_view level, std::string_view format) {
  LogLevel parsed = LogLevel::kInfo;
  if (level == "debug") {
    parsed = LogLevel::kDebug;
  } else if (level == "warn") {
    parsed = LogLevel::kWarn;
  } else if (level == "error") {
    parsed = LogLevel::kError;
  } else if (level != "info") {
    return Fail(Code::kInvalid, "the log level is \"" + std::string(level) +
                                    "\", but debug, info, warn or error is needed");
  }
  if (format != "json" && format != "logfmt") {
    return Fail(Code::kInvalid,
                "the log format is \"" + std::string(format) + "\", but logfmt or json is needed");
  }
  g_level = parsed;
  g_json = format == "json";
  return {};
}

void SetLogSinkForTest(LogSink sink) {
  MutexLock lock(g_mutex);
  g_sink = sink;
}

bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void Log(LogLevel level, std::string_view message, LogFields fields) {
  if (!LogEnabled(level)) return;
  const bool json = g_json.load(std::memory_order_relaxed);
  std::string line(json ? "{" : "");
  AppendField("ts", FormatRfc3339(RealClock().WallNanos(), 3), json, line);
  AppendField("level", LevelName(level), json, line);
  AppendField("msg", message, json, line);
  for (const LogField& field : fields) {
    if (Full(line) || line.size() + field.key.size() + kTailRoom > kMaxLine) break;
    AppendField(field.key, field.value, json, line);
  }
  if (Full(line)) line += json ? ",\"cut\":\"true\"" : " cut=true";
  line += json ? "}\n" : "\n";
  WriteLine(line);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/docker_line.h"

#include "common/base/ascii.h"
#include "common/base/rfc3339.h"
#include "common/base/utf8.h"

namespace telltale {
namespace {

// Walks over one line of JSON. Each Take returns false if something else is there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool AtEnd() { return Skip(), at_ == text_.size(); }
  bool Take(char c) {
    Skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // The text between the quotes, with its escapes.
  bool TakeString(std::string_view& out) {
    if (!Take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        out = text_.substr(begin, at_++ - begin);
        return true;
      }
    }
    return false;
  }
  // Anything up to the next ',' or '}' of the outer object. Brackets are only counted.
  bool TakeValue() {
    int depth = 0;
    for (Skip(); at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      std::string_view ignored;
      if (c == '"') {
        if (!TakeString(ignored)) return false;
        --at_;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}')) {
        return true;
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    return false;
  }

 private:
  void Skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

// The four hex digits of \uXXXX at `at`; -1 if there are none.
int HexAt(std::string_view text, std::size_t at) {
  if (text.size() < at + 4) return -1;
  int value = 0;
  for (const char c : text.substr(at, 4)) {
    if (!IsHexDigit(c)) return -1;
    value = value * 16 + static_cast<int>(HexValue(c));
  }
  return value;
}

// Appends the character of \uXXXX, whose digits begin at `at`, and returns how many characters of
// `text` it took. Half a surrogate pair becomes U+FFFD. 0 if there are no digits.
std::size_t AppendUnicode(std::string_view text, std::size_t at, std::string& out) {
  const int first = HexAt(text, at);
  if (first < 0) return 0;
  const bool high = first >= 0xD800 && first < 0xDC00;
  if (high && text.substr(at + 4).starts_with("\\u")) {
    const int low = HexAt(text, at + 6);
    if (low >= 0xDC00 && low < 0xE000) {
      AppendUtf8(static_cast<std::uint32_t>(0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)),
                 out);
      return 10;
    }
  }
  if (first >= 0xD800 && first < 0xE000) {
    out += kReplacementCharacter;
  } else {
    AppendUtf8(static_cast<std::uint32_t>(first), out);
  }
  return 4;
}

bool Unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    constexpr std::string_view kNames = "\"\\/bfnrt", kChars = "\"\\/\b\f\n\r\t";
    if (const std::size_t name = kNames.find(text[i]); name != kNames.npos) {
      out += kChars[name];
      continue;
    }
    const std::size_t used = text[i] == 'u' ? AppendUnicode(text, i + 1, out) : 0;
    if (used == 0) return false;
    i += used;
  }
  return true;
}

}  // namespace

std::optional<DockerLine> ParseDockerLine(std::string_view line, std::string& scratch) {
  // dockerd writes the keys in this order; a look at the first spares other JSON lines the rest.
  if (!line.starts_with("{\"log\":\"") || line.back() != '}') return std::nullopt;
  Scanner scanner(line);
  std::string_view log, stream, time;
  scanner.Take('{');
  do {
    std::string_view key;
    if (!scanner.TakeString(key) || !scanner.Take(':')) return std::nullopt;
    std::string_view* value = key == "log"      ? &log
                              : key == "stream" ? &stream
                              : key == "time"   ? &time
                                                : nullptr;
    if (value != nullptr ? !scanner.TakeString(*value) : !scanner.TakeValue()) return std::nullopt;
  } while (scanner.Take(','));
  if (!scanner.Take('}') || !scanner.AtEnd()) return std::nullopt;

  DockerLine out;
  if (stream == "stdout") {
    out.stream = LogStream::kStdout;
  } else if (stream == "stderr") {
    out.stream = LogStream::kStderr;
  } else {
    return std::nullopt;
  }
  const auto nanos = ParseRfc3339(time);
  if (!nanos) return std::nullopt;
  out.time = *nanos;
  // Most lines have one escape, the \n at the end, and need no copy.
  const bool plain_end = log.ends_with("\\n") && log.find('\\') == log.size() - 2;
  if (plain_end || log.find('\\') == log.npos) {
    out.partial = !plain_end;
    out.content = log.substr(0, log.size() - (plain_end ? 2 : 0));
    return out;
  }
  if (!Unescape(log, scratch)) return std::nullopt;
  out.content = scratch;
  out.partial = !out.content.ends_with('\n');
  if (!out.partial) out.content.remove_suffix(1);
  // A container with a terminal ends its lines in \r\n.
  if (!out.partial && out.content.ends_with('\r')) out.content.remove_suffix(1);
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/net_stat.h"

#include "common/base/strings.h"
#include "sidecar/collect/parse.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 13> kStateNames{
    "",      "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait",
    "close", "close_wait",  "last_ack", "listen",   "closing",   ""};
constexpr std::size_t kMaxLine = 512;  // of /proc/net/tcp: 150; what is longer is no line of it

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<std::map<std::string, std::int64_t>> ParseNetstat(std::string_view text) {
  std::map<std::string, std::int64_t> fields;
  std::string_view names;
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (Trim(line).empty()) continue;
    if (names.empty()) {
      names = line;
      continue;
    }
    const std::string_view group = NextWord(names);
    if (group.size() < 2 || !group.ends_with(':') || NextWord(line) != group) {
      return LineError("netstat", number);
    }
    const std::string prefix = std::string(group.substr(0, group.size() - 1)) + "_";
    for (std::string_view name = NextWord(names); !name.empty(); name = NextWord(names)) {
      const auto value = ParseInt(NextWord(line));
      if (!value) return LineError("netstat", number);
      fields[prefix + std::string(name)] = *value;
    }
    names = {};
  }
  return fields;
}

std::string_view TcpStateName(std::size_t state) {
  return state < kStateNames.size() ? kStateNames[state] : std::string_view();
}

// "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ..."
void TcpStateCounter::Line(std::string_view line) {
  if (!NextWord(line).ends_with(':')) return;  // the heading
  NextWord(line);
  NextWord(line);
  const std::string_view state = NextWord(line);
  if (state.size() != 2) return;
  const int high = HexDigit(state[0]), low = HexDigit(state[1]);
  if (high < 0 || low < 0) return;
  const auto index = static_cast<std::size_t>(high * 16 + low);
  if (index < states_.size()) ++states_[index];
}

void TcpStateCounter::Add(std::string_view piece) {
  for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (rest_.empty()) {
      Line(piece.substr(0, end));
    } else {
      Line(rest_.append(piece.substr(0, end)));
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  if (rest_.size() < kMaxLine) rest_.append(piece.substr(0, kMaxLine));
}

void TcpStateCounter::End() {
  if (!rest_.empty()) Line(rest_);
  rest_.clear();
}

}  // namespace telltale

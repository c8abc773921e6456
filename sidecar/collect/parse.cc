// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/parse.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxName = 128;  // of a process: it may write what it likes there

// "name: 16 numbers": eight received (bytes packets errs drop fifo frame compressed multicast),
// eight sent.
bool ParseNetDevLine(std::string_view line, NetworkDevice& out) {
  const auto colon = line.rfind(':');  // an alias such as eth0:1 has one in its name
  if (colon == std::string_view::npos) return false;
  out.name = std::string(Trim(line.substr(0, colon)));
  line.remove_prefix(colon + 1);
  std::array<std::uint64_t, 16> n{};
  for (std::uint64_t& number : n) {
    if (!ParseNumber(NextWord(line), number)) return false;
  }
  out.receive = {n[0], n[1], n[2], n[3]};
  out.transmit = {n[8], n[9], n[10], n[11]};
  return !out.name.empty();
}

}  // namespace

bool ParseNumber(std::string_view word, std::uint64_t& out) {
  const char* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

Error LineError(std::string_view file, std::size_t line) {
  return Fail(Code::kInvalid,
              std::string(file) + " line " + std::to_string(line) + " has an unknown form");
}

std::string LabelText(std::string_view bytes) {
  std::string text;
  AppendValidUtf8(bytes, text);
  if (text == bytes) return text;
  // What AppendValidUtf8 leaves as it is stays; the rest is written byte by byte.
  text.clear();
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t length = 1;
    std::string piece;
    for (; length <= 4 && i + length <= bytes.size(); ++length) {
      piece.clear();
      AppendValidUtf8(bytes.substr(i, length), piece);
      if (piece == bytes.substr(i, length)) break;
    }
    if (length > 4 || i + length > bytes.size()) {
      text += "\\x";
      AppendHex(static_cast<unsigned char>(bytes[i]), text);
      ++i;
      continue;
    }
    text += piece == "\\" ? "\\\\" : piece;
    i += length;
  }
  return text;
}

std::string_view NextWord(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(" \t\n"), text.size());
  const auto end = std::min(text.find_first_of(" \t\n", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

Result<std::vector<NetworkDevice>> ParseNetDev(std::string_view text) {
  std::vector<NetworkDevice> devices;
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    if (++number <= 2 || Trim(line).empty()) continue;  // two lines of headings
    NetworkDevice device;
    if (!ParseNetDevLine(line, device)) return LineError("net/dev", number);
    devices.push_back(std::move(device));
  }
  return devices;
}

// "pid (comm) state ppid ..."; comm may hold spaces and parentheses, so the last ')' ends it.
Result<ProcessStat> ParseProcessStat(std::string_view text) {
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return Fail(Code::kInvalid, "stat has no name in parentheses");
  }
  ProcessStat out;
  out.name = std::string(text.substr(open + 1, close - open - 1));
  std::string_view rest = text.substr(close + 1);
  const std::string_view state = NextWord(rest);
  if (!state.empty()) out.state = state.front();
  std::array<std::string_view, 25> field;  // numbered as in proc(5); 3 is the state
  for (std::size_t i = 4; i < field.size(); ++i) field[i] = NextWord(rest);
  std::uint64_t user = 0, system = 0, waited_user = 0, waited_system = 0;
  if (!ParseNumber(field[4], out.parent) || !ParseNumber(field[16], waited_user) ||
      !ParseNumber(field[17], waited_system) || !ParseNumber(field[14], user) ||
      !ParseNumber(field[15], system) || !ParseNumber(field[20], out.threads) ||
      !ParseNumber(field[22], out.start_ticks) || !ParseNumber(field[23], out.virtual_bytes) ||
      !ParseNumber(field[24], out.resident_pages)) {
    return Fail(Code::kInvalid, "stat has fewer fields than proc(5) says");
  }
  out.cpu_ticks = user + system;
  out.waited_ticks = waited_user + waited_system;
  return out;
}

Result<ProcessIo> ParseProcessIo(std::string_view text) {
  ProcessIo out;
  bool read = false, written = false;
  for (std::string_view line : Split(text, '\n')) {
    const std::string_view name = NextWord(line);
    if (name == "read_bytes:") read = ParseNumber(NextWord(line), out.read_bytes);
    if (name == "write_bytes:") written = ParseNumber(NextWord(line), out.written_bytes);
  }
  if (!read || !written) return Fail(Code::kInvalid, "io has no read_bytes or no write_bytes");
  return out;
}

std::string WholeName(const std::string& name, std::string_view cmdline) {
  if (name.size() < kCutName) return name;
  const auto words = Split(cmdline, '\0');
  for (std::size_t i = 0; i < std::min<std::size_t>(words.size(), 2); ++i) {
    const std::string_view base = words[i].substr(words[i].rfind('/') + 1);
    if (base.starts_with(name)) return std::string(base.substr(0, kMaxName));
  }
  return name;
}

}  // namespace telltale

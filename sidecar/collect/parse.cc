// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "common/base/strings.h"

namespace telltale {
namespace {

bool ParseNumber(std::string_view word, std::uint64_t& out) {
  const char* const end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

// "\040" in a path of mountinfo is a space; also tab, newline and backslash are written so.
std::string DecodeOctal(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && digit(text[i + 1]) && digit(text[i + 2]) &&
        digit(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool IsBelow(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Error LineError(std::string_view file, std::size_t line) {
  return Fail(Code::kInvalid,
              std::string(file) + " line " + std::to_string(line) + " has an unknown form");
}

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

// id parent major:minor root mount-point options [optional...] - type source super-options
bool ParseMountLine(std::string_view line, Mount& out) {
  std::string_view rest = line, options;
  for (int i = 0; i < 4; ++i) NextWord(rest);
  out.mount_point = DecodeOctal(NextWord(rest));
  options = NextWord(rest);
  for (std::string_view word = NextWord(rest); word != "-"; word = NextWord(rest)) {
    if (word.empty()) return false;
  }
  out.type = std::string(NextWord(rest));
  out.read_only = options == "ro" || options.starts_with("ro,");
  return out.mount_point.starts_with('/') && !out.type.empty();
}

}  // namespace

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

Result<std::vector<Mount>> ParseMountInfo(std::string_view text) {
  std::vector<Mount> mounts;
  std::unordered_map<std::string, std::size_t> place;  // mount point -> index
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (Trim(line).empty()) continue;
    Mount mount;
    if (!ParseMountLine(line, mount)) return LineError("mountinfo", number);
    const auto [at, added] = place.emplace(mount.mount_point, mounts.size());
    if (added) {
      mounts.push_back(std::move(mount));
    } else {
      mounts[at->second] = std::move(mount);
    }
  }
  return mounts;
}

bool IsPseudo(const Mount& mount) {
  static constexpr std::array<std::string_view, 24> kTypes{
      "autofs",  "binfmt_misc", "bpf",        "cgroup",   "cgroup2",    "configfs",
      "debugfs", "devpts",      "devtmpfs",   "efivarfs", "fusectl",    "hugetlbfs",
      "mqueue",  "nsfs",        "proc",       "pstore",   "rpc_pipefs", "securityfs",
      "sysfs",   "selinuxfs",   "fuse.lxcfs", "tracefs",  "ramfs",      "squashfs"};
  return Contains(kTypes, mount.type) || IsBelow(mount.mount_point, "/proc") ||
         IsBelow(mount.mount_point, "/sys") || IsBelow(mount.mount_point, "/dev");
}

bool MayHang(const Mount& mount) {
  static constexpr std::array<std::string_view, 10> kLocal{
      "btrfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "vfat", "xfs"};
  return !Contains(kLocal, mount.type);
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
  std::uint64_t user = 0, system = 0;
  if (!ParseNumber(field[14], user) || !ParseNumber(field[15], system) ||
      !ParseNumber(field[20], out.threads) || !ParseNumber(field[22], out.start_ticks) ||
      !ParseNumber(field[23], out.virtual_bytes) || !ParseNumber(field[24], out.resident_pages)) {
    return Fail(Code::kInvalid, "stat has fewer fields than proc(5) says");
  }
  out.cpu_ticks = user + system;
  return out;
}

}  // namespace telltale

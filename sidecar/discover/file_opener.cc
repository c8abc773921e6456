// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/file_opener.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace telltale {
namespace {

struct Format {
  std::string_view magic, name;
};

// No text log begins with these bytes.
constexpr std::array<Format, 14> kFormats{{{{"\xFD\x37\x7A\x58\x5A\x00", 6}, "xz"},
                                           {{"\x5D\x00\x00", 3}, "lzma"},
                                           {"LZIP\x01", "lzip"},
                                           {{"\x89LZO\x00", 5}, "lzop"},
                                           {{"\xFF\x06\x00\x00sNaP", 8}, "snappy"},
                                           {"Rar!\x1A\x07", "rar"},
                                           {"BZh", "bzip2"},
                                           {"\x28\xB5\x2F\xFD", "zstd"},
                                           {"\x04\x22\x4D\x18", "lz4"},
                                           {"\x02\x21\x4C\x18", "lz4"},
                                           {"\x1F\x9D", "compress"},
                                           {"\x1F\xA0", "compress"},
                                           {"PK\x03\x04", "zip"},
                                           {"7z\xBC\xAF\x27\x1C", "7z"}}};
// What applications, virtual machines and kernels put beside their logs.
constexpr std::array<Format, 6> kBinaries{{{"\x7F"
                                            "ELF",
                                            "program or core dump"},
                                           {"JAVA PROFI", "heap dump of Java"},
                                           {{"FLR\x00", 4}, "flight recording of Java"},
                                           {"SQLite for", "SQLite"},
                                           {"LPKSHHRH", "journal of systemd"},
                                           {"\x89PNG\r\n", "PNG"}}};
// Behind "BZh" come the block size and the magic of a block, or of the end of an empty stream.
constexpr std::string_view kBzipBlock = "1AY&SY", kBzipEnd{"\x17\x72\x45\x38\x50\x90", 6};

// Of a link whose target is not there; empty if `path` is no link.
std::string TargetOf(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t n = readlink(path.c_str(), target.data(), target.size());
  return n <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(n));
}

// By the first ten bytes of a file; empty for text.
std::string_view CompressionOf(std::string_view text) {
  for (const Format& format : kFormats) {
    if (!text.starts_with(format.magic)) continue;
    if (format.name != "bzip2") return format.name;
    const std::string_view block = text.substr(std::min<std::size_t>(text.size(), 4));
    if (block == kBzipBlock || block == kBzipEnd) return format.name;
  }
  return {};
}

std::string_view BinaryOf(std::string_view text) {
  for (const Format& format : kBinaries) {
    if (text.starts_with(format.magic)) return format.name;
  }
  return {};
}

// By the byte order mark; empty for UTF-8.
std::string_view EncodingOf(std::string_view text) {
  using std::string_view_literals::operator""sv;
  if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (text.starts_with("\xff\xfe")) return "UTF-16LE";
  if (text.starts_with("\xfe\xff")) return "UTF-16BE";
  return {};
}

UnreadReason ReasonOf(int error) {
  if (error == EMFILE || error == ENFILE) return UnreadReason::kLimit;
  if (error == EACCES || error == EPERM) return UnreadReason::kPermission;
  return UnreadReason::kError;
}

}  // namespace

std::string RealPathOf(int fd) {
  std::array<char, PATH_MAX> real;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t n = readlink(link.c_str(), real.data(), real.size());
  return n <= 0 ? std::string() : std::string(real.data(), static_cast<std::size_t>(n));
}

namespace {

// Where /proc is not mounted. The file is looked at again: `path` may lead elsewhere by now.
std::string ResolvedPathOf(const std::string& path, const FileIdentity& id) {
  std::array<char, PATH_MAX> real;
  if (realpath(path.c_str(), real.data()) == nullptr) return {};
  auto info = StatPath(real.data(), true);
  return info && info->id == id ? std::string(real.data()) : std::string();
}

}  // namespace

std::string TargetOf(const std::string& path, int fd) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return {};
  return RealPathOf(fd);
}

std::optional<ForeignFormat> FindForeignFormat(const FileBytes& bytes) {
  // Reading a compressed file now would end a stream that is still being written.
  if (bytes.compressed()) return std::nullopt;
  std::array<char, kFormatBytes> start{};
  auto n = bytes.ReadAt(start.data(), start.size(), 0);
  if (!n) return std::nullopt;
  const std::string_view text(start.data(), *n);
  if (auto name = CompressionOf(text); !name.empty()) {
    return ForeignFormat{UnreadReason::kCompressed, name};
  }
  if (auto name = EncodingOf(text); !name.empty()) {
    return ForeignFormat{UnreadReason::kEncoding, name};
  }
  if (auto name = BinaryOf(text); !name.empty()) return ForeignFormat{UnreadReason::kBinary, name};
  return std::nullopt;
}

OpenResult OpenWanted(const std::string& path, const SourceList& sources) {
  OpenResult out;
  // O_NONBLOCK: a FIFO must not hold us up; O_NOCTTY: nor a terminal adopt us.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int error = errno;
    if (error == ENOENT) {
      out.detail = TargetOf(path);
      if (!out.detail.empty()) out.unread = UnreadReason::kBrokenLink;
      return out;
    }
    out.unread = ReasonOf(error);
    out.detail = std::strerror(error);
    return out;
  }
  auto info = StatFile(fd.get());
  if (!info || !info->regular) return out;
  std::string real = RealPathOf(fd.get());
  if (real.empty()) real = ResolvedPathOf(path, info->id);
  if (real.empty() || real[0] != '/' || !sources.Covers(real)) {
    out.unread = UnreadReason::kLink;
    out.detail = real;
    return out;
  }
  auto file = std::make_unique<TailedFile>();
  // By content, whatever the name: no text begins as gzip does.
  auto form = FileBytes::FormOf(fd.get(), ".gz");
  file->bytes = FileBytes(std::move(fd), form);
  file->info = *info;
  if (const auto foreign = FindForeignFormat(file->bytes)) {
    out.unread = foreign->reason;
    out.detail = foreign->name;
    return out;
  }
  if (file->bytes.compressed()) file->info.size = file->bytes.UncompressedSize();
  out.file = std::move(file);
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/textfile_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/base/files.h"
#include "common/exposition/consistency.h"
#include "common/exposition/text_format.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxFile = 1 << 20, kMaxSamplesOfFile = 20'000;
constexpr std::size_t kMaxFiles = 256;  // of a folder
constexpr int kReadTries = 3;
// Times of files have steps of milliseconds: one that was written within this time before it was
// read may be written again without looking changed.
constexpr std::int64_t kSettledNs = 2'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

// Families that the sidecar's own page has.
constexpr std::array<std::string_view, 8> kOwn = {"telltale_",
                                                  "process_",
                                                  "node_textfile_",
                                                  "node_filesystem_",
                                                  "node_network_",
                                                  "node_netstat_",
                                                  "node_tcp_connection_states",
                                                  "node_exporter_"};

bool IsOwn(std::string_view name) {
  return std::any_of(kOwn.begin(), kOwn.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// Names of metrics and labels that need no quotes.
bool HasClassicNames(const Family& family) {
  return IsMetricName(family.name) && std::ranges::all_of(family.metrics, [](const Metric& metric) {
           return std::ranges::all_of(metric.labels,
                                      [](const auto& label) { return IsLabelName(label.first); });
         });
}

std::int64_t Nanos(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

// Names of `*.prom` that are not hidden, sorted.
Result<std::vector<std::string>> Names(const std::string& directory) {
  DIR* dir = opendir(directory.c_str());
  if (dir == nullptr) return ErrnoError("opening " + directory, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name.ends_with(".prom") && !name.starts_with('.')) names.push_back(name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

// At most one byte more than a file may have.
Result<std::string> ReadAll(int fd, const std::string& path) {
  std::string text;
  for (;;) {
    const std::size_t have = text.size();
    text.resize(std::min(have + (64u << 10), kMaxFile + 1));
    const ssize_t got =
        ::pread(fd, text.data() + have, text.size() - have, static_cast<off_t>(have));
    const int error = errno;
    text.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error != EINTR) return ErrnoError("reading " + path, error);
    if (got == 0 || text.size() > kMaxFile) return text;
  }
}

std::string_view ReasonOf(const Error& error) {
  return error.code == Code::kPermission ? "permission" : "missing";
}

}  // namespace

void TextfileScanner::Parse(const std::string& path, const std::string& text, Known& known) {
  known.families = nullptr;
  known.error = {};
  const auto fails = [&](std::string_view reason, std::string sentence) {
    known.error = {path, reason, std::move(sentence)};
  };
  if (text.size() > kMaxFile) return fails("too_large", "it has more than 1 MiB");
  auto families = ParseText(text, {.crlf = true, .max_samples = kMaxSamplesOfFile});
  if (!families.ok()) {
    const bool large = families.error().code == Code::kTooLarge;
    return fails(large ? "too_large" : "syntax", families.error().message);
  }
  PageCheck check;
  std::vector<std::string> problems;
  for (const Family& family : *families) {
    if (IsOwn(family.name)) {
      return fails("reserved", "the metric " + family.name + " is the sidecar's own");
    }
    if (!HasClassicNames(family)) {
      return fails("syntax", "a name of " + family.name + " needs quotes, which are not supported");
    }
    for (const Metric& metric : family.metrics) {
      if (metric.timestamp_ms) {
        return fails("timestamp", "a sample of " + family.name +
                                      " has a timestamp: leave it out, the scrape sets it");
      }
    }
    check.Add(family, problems);
  }
  if (!problems.empty()) return fails("duplicate", problems.front());
  known.families = std::make_shared<const std::vector<Family>>(*std::move(families));
}

// A file that is written to meanwhile is read again, so that no half of it is shown.
void TextfileScanner::Read(int fd, const std::string& path, Version& version, Known& known) {
  for (int i = 0; i < kReadTries; ++i) {
    const auto text = ReadAll(fd, path);
    if (!text.ok()) {
      known.families = nullptr;
      known.error = {path, ReasonOf(text.error()), text.error().message};
      return;
    }
    struct stat info{};
    if (::fstat(fd, &info) != 0) continue;
    const Version after{info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
                        Nanos(info.st_mtim), Nanos(info.st_ctim)};
    const bool same = after.size == version.size && after.modified_ns == version.modified_ns;
    version = after;
    if (same) return Parse(path, *text, known);
  }
  known.error = {path, "busy", "it is written to all the time: write another file and rename it"};
}

void TextfileScanner::ScanFile(const std::string& path, const TextfileConfig& folder,
                               std::int64_t now_ns, TextfileScan& out) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    const Error error = ErrnoError("opening " + path, errno);
    struct stat link{};
    if (::lstat(path.c_str(), &link) != 0) return;  // it vanished meanwhile
    out.errors.push_back({path, ReasonOf(error), error.message});
    return;
  }
  if (S_ISDIR(info.st_mode)) return;
  if (!S_ISREG(info.st_mode)) {
    out.errors.push_back({path, "special", "it is no regular file"});
    return;
  }
  Version version{info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
                  Nanos(info.st_mtim), Nanos(info.st_ctim)};
  Known& known = known_[path];
  known.seen = true;
  out.modified[path] = version.modified_ns / kSecond;
  const bool settled = version.changed_ns + kSettledNs < known.read_ns;
  if (known.version != version || !settled) {
    Read(fd.get(), path, version, known);
    known.version = version;
    known.read_ns = now_ns;
    out.modified[path] = version.modified_ns / kSecond;
  }
  const bool stale =
      folder.max_age_ms > 0 && (now_ns - version.modified_ns) / 1'000'000 > folder.max_age_ms;
  if (!known.error.reason.empty()) {
    out.errors.push_back(known.error);
  } else if (stale) {
    out.errors.push_back({path, "stale", "it is older than maxAge"});
    known.stale = true;
    return;
  }
  known.stale = false;
}

void TextfileScanner::ScanFolder(const TextfileConfig& folder, std::int64_t now_ns,
                                 TextfileScan& out) {
  const auto names = Names(folder.directory);
  if (!names.ok()) {
    out.folder_problems.push_back(names.error().message);
    return;
  }
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string path = folder.directory + "/" + (*names)[i];
    if (i < kMaxFiles) {
      ScanFile(path, folder, now_ns, out);
    } else {
      ++out.left_out;
    }
  }
}

TextfileScan TextfileScanner::Scan(const std::vector<TextfileConfig>& folders,
                                   std::int64_t now_ns) {
  TextfileScan out;
  for (auto& [path, known] : known_) known.seen = false;
  for (const TextfileConfig& folder : folders) ScanFolder(folder, now_ns, out);
  std::erase_if(known_, [](const auto& known) { return !known.second.seen; });
  std::map<std::string, Families> files;
  for (const auto& [path, known] : known_) {
    if (known.families != nullptr && !known.stale) files[path] = known.families;
  }
  if (files != merged_) {
    merge_errors_.clear();
    page_ = MergeTextfiles(files, merge_errors_);
    merged_ = std::move(files);
  }
  out.page = page_;
  out.errors.insert(out.errors.end(), merge_errors_.begin(), merge_errors_.end());
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/discover/glob.h"
#include "sidecar/discover/glob_part.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxDirectories = 4096, kMaxDepth = 32;
// Beyond so many directories a walk ends; beyond so many it names no more that it may not enter.
constexpr std::size_t kMaxWalk = 65'536, kMaxDenied = 100;

// Sets errno when false: ENOTDIR if it is something else.
bool IsDirectory(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return false;
  errno = ENOTDIR;
  return S_ISDIR(info.st_mode);
}

// Walks the directories that a pattern leads to.
class Walk {
 public:
  Walk(std::vector<std::string_view> parts, GlobTrouble& trouble)
      : parts_(std::move(parts)), trouble_(trouble) {}

  void From(const std::string& base, std::size_t index, std::size_t depth = 0) {
    if (trouble_.left_out >= kMaxWalk) return;
    bool stars = parts_[index] == "**";
    if (stars && !visited_.emplace(base, index).second) return;
    if (index + 1 >= parts_.size()) {
      Find(base.empty() ? "/" : base);
    } else if (stars) {
      From(base, index + 1, depth);
    }
    if (stars) {
      if (depth < kMaxDepth) Below(base, index, "*", true, depth);
    } else if (index + 1 < parts_.size()) {
      if (parts_[index].find_first_of("*?[") == parts_[index].npos) {
        From(base + "/" + UnquoteGlobPart(parts_[index]), index + 1, depth);
      } else {
        Below(base, index, parts_[index], false, depth);
      }
    }
  }
  const std::set<std::string>& found() const { return found_; }

 private:
  void Find(const std::string& path) {
    if (!IsDirectory(path)) {
      if (errno == EACCES) Denied(path);
    } else if (found_.size() < kMaxDirectories) {
      found_.insert(path);
    } else if (!found_.contains(path)) {
      ++trouble_.left_out;
    }
  }

  void Denied(const std::string& path) {
    if (trouble_.denied.size() < kMaxDenied) trouble_.denied.push_back(path);
  }

  // `**` follows no link, or it would walk in circles.
  void Below(const std::string& base, std::size_t index, std::string_view part, bool stars,
             std::size_t depth) {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(base.empty() ? "/" : base.c_str()), closedir);
    // A directory that can hold matches itself is counted by whoever lists it.
    if (!dir && errno == EACCES && !found_.contains(base)) Denied(base);
    while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
      std::string_view name = entry->d_name;
      if (name == "." || name == ".." || !MatchGlobPart(part, name)) continue;
      bool link = entry->d_type == DT_LNK;
      if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN && (stars || !link)) continue;
      std::string path = base + "/" + std::string(name);
      if (entry->d_type != DT_DIR && !IsDirectory(path)) continue;
      From(path, stars ? index : index + 1, depth + 1);
    }
  }

  std::vector<std::string_view> parts_;
  GlobTrouble& trouble_;
  std::set<std::string> found_;
  std::set<std::pair<std::string, std::size_t>> visited_;
};

}  // namespace

std::vector<std::string> GlobDirectories(std::string_view pattern, GlobTrouble* trouble) {
  std::set<std::string> out;
  GlobTrouble ignored;
  if (pattern.empty() || pattern[0] != '/') return {};
  for (const std::string& one : GlobAlternatives(std::string(pattern))) {
    Walk walk(Split(std::string_view(one).substr(1), '/'), trouble == nullptr ? ignored : *trouble);
    walk.From("", 0);
    out.insert(walk.found().begin(), walk.found().end());
  }
  return {out.begin(), out.end()};
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/mount_info.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/collect/parse.h"

namespace telltale {
namespace {

// Stands for the parent of mounts whose parent the file does not have: the root of what we see.
constexpr std::uint64_t kOutside = ~std::uint64_t{0};

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

// After a disk error ext4 with errors=remount-ro says emergency_ro beside "rw".
bool SaysReadOnly(std::string_view options) {
  for (const std::string_view option : Split(options, ',')) {
    if (option == "ro" || option == "emergency_ro") return true;
  }
  return false;
}

// id parent major:minor root mount-point options [optional...] - type source super-options
bool ParseMountLine(std::string_view line, Mount& out) {
  std::string_view rest = line;
  if (!ParseNumber(NextWord(rest), out.id) || !ParseNumber(NextWord(rest), out.parent)) {
    return false;
  }
  NextWord(rest);
  out.root = DecodeOctal(NextWord(rest));
  out.mount_point = DecodeOctal(NextWord(rest));
  for (std::string_view word = NextWord(rest); word != "-"; word = NextWord(rest)) {
    if (word.empty()) return false;
  }
  out.type = std::string(NextWord(rest));
  // An empty source is written as nothing: then the super options follow at once.
  std::string_view source = NextWord(rest), options = NextWord(rest);
  if (options.empty()) std::swap(source, options);
  out.device = DecodeOctal(source);
  out.read_only = SaysReadOnly(options);
  return out.mount_point.starts_with('/') && !out.type.empty();
}

// Follows paths through the mounts as the kernel does.
class MountTree {
 public:
  explicit MountTree(const std::vector<Mount>& all) : all_(all) {
    std::map<std::uint64_t, std::size_t> by_id;
    for (std::size_t i = 0; i < all.size(); ++i) by_id[all[i].id] = i;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto parent = by_id.find(all[i].parent);
      const bool known = parent != by_id.end() && parent->second != i;
      // The later of two children at one place is the one that is found.
      children_.insert_or_assign({known ? parent->first : kOutside, all[i].mount_point}, i);
    }
  }

  // The mount that `path` leads to, and whether one on the way may hang.
  struct Found {
    const Mount* mount = nullptr;
    bool may_hang = false;
  };
  Found Follow(std::string_view path) const {
    Found found;
    std::uint64_t at = kOutside;
    std::size_t length = 1;  // of the part of `path` that was followed
    for (std::size_t steps = 0; steps <= all_.size(); ++steps) {
      const Mount* next = nullptr;
      for (; next == nullptr; length = NextLength(path, length)) {
        const auto child = children_.find({at, std::string(path.substr(0, length))});
        if (child != children_.end()) {
          next = &all_[child->second];
          break;  // what is mounted on the mount itself has the same path
        }
        if (length >= path.size()) return found;
      }
      found.mount = next;
      found.may_hang = found.may_hang || MayHang(*next);
      at = next->id;
    }
    return {};  // mounts that are each other's parents: no kernel writes that
  }

 private:
  static std::size_t NextLength(std::string_view path, std::size_t length) {
    const auto slash = path.find('/', length == 1 ? 1 : length + 1);
    return std::min(slash, path.size());
  }

  const std::vector<Mount>& all_;
  std::map<std::pair<std::uint64_t, std::string>, std::size_t> children_;  // by parent and place
};

}  // namespace

Result<std::vector<Mount>> ParseMountInfo(std::string_view text) {
  std::vector<Mount> mounts;
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (Trim(line).empty()) continue;
    if (!ParseMountLine(line, mounts.emplace_back())) return LineError("mountinfo", number);
  }
  return mounts;
}

std::vector<Mount> ReachableMounts(const std::vector<Mount>& all) {
  const MountTree tree(all);
  std::vector<Mount> reachable;
  for (const Mount& mount : all) {
    const auto found = tree.Follow(mount.mount_point);
    if (found.mount != &mount || mount.root.starts_with("/systemd/inaccessible/")) continue;
    reachable.push_back(mount);
    reachable.back().may_hang = found.may_hang;
  }
  return reachable;
}

bool IsPseudo(const Mount& mount) {
  static constexpr std::array<std::string_view, 26> kTypes{
      "autofs",    "binfmt_misc", "bpf",      "cgroup", "cgroup2",    "configfs",   "debugfs",
      "devpts",    "devtmpfs",    "efivarfs", "erofs",  "fusectl",    "hugetlbfs",  "iso9660",
      "mqueue",    "nsfs",        "proc",     "pstore", "rpc_pipefs", "securityfs", "sysfs",
      "selinuxfs", "fuse.lxcfs",  "tracefs",  "ramfs",  "squashfs"};
  return Contains(kTypes, mount.type) || IsBelow(mount.mount_point, "/proc") ||
         IsBelow(mount.mount_point, "/sys") || IsBelow(mount.mount_point, "/dev");
}

bool IsOfContainers(const Mount& mount) {
  static constexpr std::array<std::string_view, 12> kFolders{
      "/etc/telltale",       "/etc/telltale-loki",  "/var/lib/telltale", "/var/run/secrets",
      "/run/secrets",        "/run/credentials",    "/run/containerd",   "/run/k3s/containerd",
      "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker",   "/var/lib/kubelet/pods"};
  return std::any_of(kFolders.begin(), kFolders.end(),
                     [&](std::string_view folder) { return IsBelow(mount.mount_point, folder); });
}

bool MayHang(const Mount& mount) {
  static constexpr std::array<std::string_view, 9> kLocal{
      "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "vfat", "xfs"};
  return mount.type == "autofs" || (!Contains(kLocal, mount.type) && !IsPseudo(mount));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a mount namespace, and which of them people mean by "filesystems". Pure.
// Format: proc_pid_mountinfo(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct Mount {
  std::uint64_t id = 0, parent = 0;
  std::string root;  // the directory of the filesystem that is mounted; "/" unless it is a bind
  std::string mount_point;  // octal escapes decoded, as in `root` and `device`
  std::string type;         // of the filesystem: ext4, overlay, nfs4
  std::string device;       // /dev/sda1, server:/path, tmpfs
  // Of the filesystem, not of the mount: the kernel writes to no file of it. A volume that is
  // mounted read-only for us alone is not.
  bool read_only = false;
  // A system call on a path in it may never return, because its server, or that of a filesystem
  // that the path leads through, is away. Set by ReachableMounts.
  bool may_hang = false;
};

// All mounts in the file's order.
Result<std::vector<Mount>> ParseMountInfo(std::string_view text);

// Those that their mount point leads to: not the ones that a later mount covers, at the same place
// or above it, nor those that systemd hides behind an inaccessible directory.
std::vector<Mount> ReachableMounts(const std::vector<Mount>& all);

// Kernel interfaces that look like filesystems (proc, sysfs, cgroup2, ...), images that are always
// full (squashfs, iso9660), and what is mounted below /proc, /sys and /dev: their sizes mean
// nothing.
bool IsPseudo(const Mount& mount);

// The sidecar's own volumes, and directories of a container runtime or the kubelet, which hold
// mounts of other containers.
bool IsOfContainers(const Mount& mount);

// Filesystems whose server may be away.
bool MayHang(const Mount& mount);

}  // namespace telltale

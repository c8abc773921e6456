// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/mount_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kRoot = "20 1 0:61 / / rw - overlay overlay rw\n";

std::vector<Mount> Parse(const std::string& text) {
  auto mounts = ParseMountInfo(text);
  EXPECT_TRUE(mounts.ok()) << text;
  return mounts.ok() ? *mounts : std::vector<Mount>{};
}

// "mount point device" of those that can be reached.
std::vector<std::string> Reachable(const std::string& lines) {
  std::vector<std::string> out;
  for (const Mount& mount : ReachableMounts(Parse(std::string(kRoot) + lines))) {
    if (mount.mount_point != "/") out.push_back(mount.mount_point + " " + mount.device);
  }
  return out;
}

TEST(ParseMountInfo, DecodesPathsAndNamesTypeAndDevice) {
  const auto mounts = Parse(
      *ReadFile(TELLTALE_SOURCE_DIR "/tests/unit/sidecar/collect/testdata/proc/self/mountinfo"));
  ASSERT_EQ(mounts.size(), 11u);
  EXPECT_EQ(mounts[0].mount_point, "/");
  EXPECT_EQ(mounts[0].type, "overlay");
  EXPECT_EQ(mounts[0].device, "overlay");
  EXPECT_EQ(mounts[7].mount_point, "/var/log/my shop");
  EXPECT_EQ(mounts[7].root, "/var/lib/kubelet/pods/1/volumes/logs");
  EXPECT_EQ(mounts[7].type, "ext4");
  EXPECT_EQ(mounts[7].device, "/dev/root");
  EXPECT_EQ(mounts[10].device, "server:/x");
}

TEST(ParseMountInfo, AMountWithoutASourceHasItsOptions) {
  const auto mounts = Parse("20 1 0:61 / /a rw -  tmpfs  ro,size=4k\n");
  EXPECT_EQ(mounts[0].device, "");
  EXPECT_TRUE(mounts[0].read_only);
}

TEST(ParseMountInfo, NamesTheLineThatItDoesNotUnderstand) {
  for (const char* bad : {"1 2 3", "1 2 0:1 / relative rw - ext4 d rw", "1 2 0:1 / /a rw shared:1",
                          "x 2 0:1 / /a rw - ext4 d rw"}) {
    const auto mounts = ParseMountInfo(std::string(kRoot) + bad);
    ASSERT_FALSE(mounts.ok()) << bad;
    EXPECT_THAT(mounts.error().message, HasSubstr("mountinfo line 2"));
  }
}

// Case A1.1: what the mount says is about us, what the filesystem says is about the disk.
TEST(ParseMountInfo, ReadOnlyIsTheFilesystemNotTheMount) {
  const auto read_only = [](const std::string& options, const std::string& super) {
    return Parse("20 1 8:1 / /a " + options + " - ext4 /dev/sda1 " + super + "\n")[0].read_only;
  };
  EXPECT_TRUE(read_only("rw,relatime", "ro"));  // remount,ro elsewhere
  EXPECT_TRUE(read_only("rw,relatime", "rw,errors=remount-ro,emergency_ro"));
  EXPECT_TRUE(read_only("ro,relatime", "ro,seclabel"));
  EXPECT_FALSE(read_only("ro,relatime", "rw"));  // a volume with readOnly: true
  EXPECT_FALSE(read_only("ro,relatime", "rw,errors=remount-ro,prjquota"));
  EXPECT_FALSE(read_only("rw", "rw,lowerdir=/ro,upperdir=/b"));
}

// Case A1.5.
TEST(ReachableMounts, AMountThatALaterOneCoversIsLeftOut) {
  EXPECT_THAT(Reachable("21 20 0:70 / /data rw - tmpfs below rw\n"
                        "22 21 0:71 / /data rw - tmpfs above rw\n"),
              ElementsAre("/data above"));
  EXPECT_THAT(Reachable("21 20 0:70 / /p/in rw - tmpfs inside rw\n"
                        "22 20 0:71 / /p rw - tmpfs cover rw\n"),
              ElementsAre("/p cover"));
  // Mounted in the order of their paths, both are there.
  EXPECT_THAT(Reachable("21 20 0:70 / /p rw - tmpfs outside rw\n"
                        "22 21 0:71 / /p/in rw - tmpfs inside rw\n"),
              ElementsAre("/p outside", "/p/in inside"));
  // A name that only begins alike covers nothing.
  EXPECT_THAT(Reachable("21 20 0:70 / /p/in rw - tmpfs inside rw\n"
                        "22 20 0:71 / /p/i rw - tmpfs other rw\n"),
              ElementsAre("/p/in inside", "/p/i other"));
  // A new root covers everything below the old one.
  EXPECT_THAT(Reachable("21 20 0:70 / /p rw - tmpfs old rw\n22 20 0:71 / / rw - tmpfs new rw\n"),
              IsEmpty());
}

// Case A1.5 (a).
TEST(ReachableMounts, WhatSystemdHidesIsLeftOutWithItsCover) {
  EXPECT_THAT(Reachable("21 20 8:2 / /home rw - ext4 /dev/sda2 rw\n"
                        "22 21 0:24 /systemd/inaccessible/dir /home ro - tmpfs tmpfs rw\n"
                        "23 20 8:3 / /srv rw - ext4 /dev/sda3 rw\n"),
              ElementsAre("/srv /dev/sda3"));
}

// Case A1.13.
TEST(ReachableMounts, ABindOfAMountOnItselfIsOneMount) {
  EXPECT_THAT(Reachable("21 20 8:2 / /data rw - ext4 /dev/sda2 rw\n"
                        "22 21 8:2 / /data ro - ext4 /dev/sda2 rw\n"
                        "23 22 0:70 / /data/tmp rw - tmpfs t rw\n"),
              ElementsAre("/data /dev/sda2", "/data/tmp t"));
}

TEST(ReachableMounts, WhatLiesBehindAMountThatMayHangMayHangToo) {
  const auto mounts =
      ReachableMounts(Parse(std::string(kRoot) + "21 20 0:70 / /nfs rw - nfs4 s:/x rw\n"
                                                 "22 21 8:2 / /nfs/local rw - ext4 /dev/sda2 rw\n"
                                                 "23 20 8:3 / /local rw - ext4 /dev/sda3 rw\n"));
  ASSERT_EQ(mounts.size(), 4u);
  EXPECT_FALSE(mounts[0].may_hang);
  EXPECT_TRUE(mounts[1].may_hang);
  EXPECT_TRUE(mounts[2].may_hang);
  EXPECT_FALSE(mounts[3].may_hang);
}

TEST(ReachableMounts, MountsThatAreEachOthersParentsEndIt) {
  EXPECT_THAT(ReachableMounts(Parse("1 2 0:1 / / rw - tmpfs a rw\n2 1 0:2 / / rw - tmpfs b rw\n")),
              IsEmpty());
  EXPECT_EQ(ReachableMounts(Parse("1 1 0:1 / / rw - rootfs a rw\n")).size(), 1u);
}

Mount At(std::string where, std::string type) {
  Mount mount;
  mount.mount_point = std::move(where);
  mount.type = std::move(type);
  return mount;
}

TEST(Mounts, KnowsWhatIsNoFilesystemForPeopleAndWhatMayHang) {
  EXPECT_TRUE(IsPseudo(At("/proc", "proc")));
  EXPECT_TRUE(IsPseudo(At("/dev/shm", "tmpfs")));
  EXPECT_TRUE(IsPseudo(At("/sys/fs/cgroup", "cgroup2")));
  EXPECT_FALSE(IsPseudo(At("/", "overlay")));
  EXPECT_FALSE(IsPseudo(At("/data", "tmpfs")));
  EXPECT_FALSE(IsPseudo(At("/devices", "ext4")));
  for (const char* full : {"squashfs", "iso9660", "erofs"}) EXPECT_TRUE(IsPseudo(At("/x", full)));
  EXPECT_TRUE(MayHang(At("/mnt", "nfs4")));
  EXPECT_TRUE(MayHang(At("/mnt", "fuse.sshfs")));
  EXPECT_TRUE(MayHang(At("/mnt", "autofs")));
  EXPECT_FALSE(MayHang(At("/", "overlay")));
}

// Case A1.7.
TEST(Mounts, KnowsTheSidecarsVolumesAndThoseOfOtherContainers) {
  for (const char* ours :
       {"/etc/telltale/config", "/etc/telltale/pod", "/var/lib/telltale",
        "/var/run/secrets/kubernetes.io/serviceaccount", "/var/lib/docker/overlay2/0a1b/merged",
        "/var/lib/kubelet/pods/1/volumes/x",
        "/run/containerd/io.containerd.runtime.v2.task/k8s.io/1/rootfs"}) {
    EXPECT_TRUE(IsOfContainers(At(ours, "overlay"))) << ours;
  }
  for (const char* theirs : {"/", "/var/log/shop", "/var/lib/telltale-data", "/etc/telltales"}) {
    EXPECT_FALSE(IsOfContainers(At(theirs, "ext4"))) << theirs;
  }
}

}  // namespace
}  // namespace telltale

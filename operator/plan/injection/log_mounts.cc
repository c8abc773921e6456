// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/log_mounts.h"

#include <algorithm>
#include <array>

#include "operator/model/paths.h"

namespace telltale {
namespace {

constexpr std::string_view kVolume = "telltale-logs";
// Where the sidecar mounts its own volumes (injected_container.cc): a read-only mount above one of
// them would keep the runtime from making the mount point, and the pod from starting.
constexpr std::array<std::string_view, 2> kOwn = {"/etc/telltale", "/var/lib/telltale"};

// The deepest mount at or above the directory.
const VolumeMount* MountAbove(const AdmittedContainer& container, const std::string& directory) {
  const VolumeMount* found = nullptr;
  for (const auto& mount : container.mounts) {
    if (!PathContains(mount.path, directory)) continue;
    if (!found || mount.path.size() > found->path.size()) found = &mount;
  }
  return found;
}

class LogMountPlanner {
 public:
  explicit LogMountPlanner(const AdmittedPod& pod) : pod_(pod) {}

  LogMounts Run(const std::vector<std::string>& directories) {
    for (const auto& directory : directories) Plan(directory);
    // Who mounted a volume for its logs more likely writes them than who was given one.
    const AdmittedContainer* named = owner_ ? owner_ : given_;
    mounts_.container = named ? named->name : pod_.containers[0].name;
    if (named) mounts_.run_as = named->run_as;
    return std::move(mounts_);
  }

 private:
  void Plan(const std::string& directory) {
    const AdmittedContainer* shares = nullptr;  // has a volume at the directory
    const AdmittedContainer* covers = nullptr;  // has one at or above it
    bool all_covered = true;
    for (const auto& container : pod_.containers) {
      const VolumeMount* mount = MountAbove(container, directory);
      all_covered &= mount != nullptr;
      if (!mount) continue;
      if (!covers) covers = &container;
      if (!shares && mount->path == directory) shares = &container;
    }
    if (!shares && !all_covered) return AddEmptyDir(directory);
    const AdmittedContainer& owner = shares ? *shares : *covers;
    if (!owner_) owner_ = &owner;
    ShowToSidecar(*MountAbove(owner, directory));
  }

  void AddEmptyDir(const std::string& directory) {
    // A directory below one that was added a moment ago is in that volume already.
    for (const auto& added : mounts_.in_containers) {
      if (PathContains(added.mount.path, directory)) return;
    }
    const std::string name = FreeVolumeName(pod_, mounts_.new_volumes, std::string(kVolume));
    mounts_.new_volumes.push_back(name);
    for (std::size_t i = 0; i < pod_.containers.size(); ++i) {
      if (MountAbove(pod_.containers[i], directory)) continue;
      if (!given_) given_ = &pod_.containers[i];
      mounts_.in_containers.push_back({i, {name, directory, "", false}});
    }
    ShowToSidecar({name, directory, "", false});
  }

  // Mounts of the sidecar never lie within each other, for the same reason as kOwn.
  void ShowToSidecar(const VolumeMount& mount) {
    if (mount.expanded || mount.path.empty()) return;
    for (const auto own : kOwn) {
      if (PathContains(mount.path, own) || PathContains(own, mount.path)) return;
    }
    for (const auto& other : mounts_.in_sidecar) {
      if (PathContains(other.path, mount.path) || PathContains(mount.path, other.path)) return;
    }
    mounts_.in_sidecar.push_back(mount);
  }

  const AdmittedPod& pod_;
  LogMounts mounts_;
  const AdmittedContainer* owner_ = nullptr;  // the first with a volume of its own for logs
  const AdmittedContainer* given_ = nullptr;  // the first that gets an emptyDir
};

}  // namespace

LogMounts PlanLogMounts(const AdmittedPod& pod, const std::vector<std::string>& directories) {
  return LogMountPlanner(pod).Run(directories);
}

std::string FreeVolumeName(const AdmittedPod& pod, const std::vector<std::string>& taken,
                           const std::string& base) {
  auto used = [&](const std::string& name) {
    return std::ranges::find(pod.volumes, name) != pod.volumes.end() ||
           std::ranges::find(taken, name) != taken.end();
  };
  std::string name = base;
  for (int i = 2; used(name); ++i) name = base + "-" + std::to_string(i);
  return name;
}

}  // namespace telltale

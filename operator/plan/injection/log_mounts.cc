// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/log_mounts.h"

#include <algorithm>
#include <array>
#include <optional>

#include "operator/model/paths.h"
#include "operator/plan/injection/path_variables.h"

namespace telltale {
namespace {

constexpr std::string_view kVolume = "telltale-logs";
// Where the sidecar mounts its own volumes (injected_container.cc): a read-only mount above one of
// them would keep the runtime from making the mount point, and the pod from starting.
constexpr std::array<std::string_view, 4> kOwn = {"/etc/telltale", "/var/lib/telltale",
                                                  "/var/run/secrets", "/run/secrets"};

// The deepest mount at or above the directory.
const VolumeMount* MountAbove(const AdmittedContainer& container, const std::string& directory) {
  const VolumeMount* found = nullptr;
  for (const auto& mount : container.mounts) {
    if (!PathContains(mount.path, directory)) continue;
    if (!found || mount.path.size() > found->path.size()) found = &mount;
  }
  return found;
}

// A container of the pod with the volume it has at or above a directory. A higher rank more likely
// writes the logs.
struct Writer {
  // A mount that is read-only is not written to by its container. Above the directory it says
  // little, and the same holds for one of an init container.
  enum Rank { kNone, kReadsAbove, kInitAbove, kReadsHere, kWritesAbove, kInitHere, kWritesHere };
  Rank rank = kNone;
  const AdmittedContainer* container = nullptr;
  const VolumeMount* mount = nullptr;
};

Writer::Rank RankOf(const VolumeMount& mount, const std::string& directory, bool keeps_running) {
  const bool here = mount.path == directory;
  if (mount.read_only) return here ? Writer::kReadsHere : Writer::kReadsAbove;
  if (!keeps_running) return here ? Writer::kInitHere : Writer::kInitAbove;
  return here ? Writer::kWritesHere : Writer::kWritesAbove;
}

class LogMountPlanner {
 public:
  LogMountPlanner(const AdmittedPod& pod, const std::vector<EnvVariable>& own_env)
      : pod_(pod), own_env_(own_env) {
    // In the order in which they are asked: those that run on come first.
    for (const auto& container : pod.containers) all_.push_back({&container, true});
    for (const bool restarts : {true, false}) {
      for (const auto& container : pod.init_containers) {
        if (container.restarts == restarts) all_.push_back({&container, restarts});
      }
    }
  }

  LogMounts Run(const LogFolders& folders) {
    for (const auto& [directory, deep] : folders) {
      Plan(directory);
      if (deep) LookBelow(directory);
    }
    // Who mounted a volume for its logs more likely writes them than who was given one.
    const AdmittedContainer* named = owner_ ? owner_ : given_;
    mounts_.container = named ? named->name : pod_.containers[0].name;
    if (named) mounts_.run_as = named->run_as;
    return std::move(mounts_);
  }

 private:
  struct Candidate {
    const AdmittedContainer* container;
    bool keeps_running;
  };

  void Plan(const std::string& directory) {
    Writer best;
    bool uncovered = false;  // a container that runs on has nothing there
    std::string never_shown;
    for (const auto& [container, keeps_running] : all_) {
      const VolumeMount* mount = MountAbove(*container, directory);
      if (!mount) {
        uncovered |= keeps_running;
        continue;
      }
      if (const std::string why = NeverShown(*mount); !why.empty()) {
        if (never_shown.empty()) never_shown = why;
        continue;
      }
      const Writer::Rank rank = RankOf(*mount, directory, keeps_running);
      if (rank > best.rank) best = {rank, container, mount};
    }
    if (best.rank <= Writer::kInitAbove && uncovered) best = {};
    if (best.rank == Writer::kNone) {
      if (!never_shown.empty()) return Unseen(directory, never_shown);
      return AddEmptyDir(directory);
    }
    Show(directory, best, uncovered);
  }

  std::string NeverShown(const VolumeMount& mount) const {
    const AdmittedVolume* volume = pod_.FindVolume(mount.volume);
    if (!volume || volume->never_shown.empty()) return "";
    return "volume " + mount.volume + " at " + mount.path + " " + volume->never_shown +
           ", which the sidecar never reads";
  }

  void Show(const std::string& directory, const Writer& writer, bool uncovered) {
    if (!owner_) owner_ = writer.container;
    if (!ShowToSidecar(directory, writer)) return;
    // What an init container prepared is there for the application too.
    if (writer.rank == Writer::kInitHere && uncovered && writer.mount->sub_path_expr.empty()) {
      GiveToOthers(directory, *writer.mount);
    }
    for (const auto& [container, keeps_running] : all_) {
      const VolumeMount* other = MountAbove(*container, directory);
      if (!keeps_running || !other || other->read_only || other->path != directory) continue;
      if (other->SameFolder(*writer.mount) || !NeverShown(*other).empty()) continue;
      Unseen(directory, "containers " + writer.container->name + " and " + container->name +
                            " have different volumes there; the sidecar reads that of " +
                            writer.container->name);
    }
  }

  // A volume below the folder is no part of what the sidecar mounts at the folder.
  void LookBelow(const std::string& directory) {
    for (const auto& [container, keeps_running] : all_) {
      for (const auto& mount : container->mounts) {
        if (mount.path == directory || !PathContains(directory, mount.path)) continue;
        if (mount.read_only || !NeverShown(mount).empty()) continue;
        return Unseen(directory,
                      "volume " + mount.volume + " at " + mount.path +
                          " is not read; log into one volume, or name its folder instead");
      }
    }
  }

  void AddEmptyDir(const std::string& directory) {
    // A directory below one that was added a moment ago is in that volume already.
    for (const auto& added : mounts_.in_containers) {
      if (PathContains(added.mount.path, directory)) return;
    }
    if (IsFolderOfImages(directory)) {
      return Unseen(directory,
                    "no volume is mounted there, and an empty one would hide files of the image");
    }
    const std::string name = FreeVolumeName(pod_, mounts_.new_volumes, std::string(kVolume));
    const VolumeMount mount = {.volume = name, .path = directory};
    if (!ShowToSidecar(directory, {.mount = &mount})) return;
    mounts_.new_volumes.push_back(name);
    mounts_.covered.push_back(directory);
    GiveToOthers(directory, mount);
  }

  // To each container that has nothing at or above the directory.
  void GiveToOthers(const std::string& directory, const VolumeMount& mount) {
    VolumeMount given = mount;
    given.read_only = false;
    for (const bool init : {false, true}) {
      const auto& list = init ? pod_.init_containers : pod_.containers;
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (MountAbove(list[i], directory)) continue;
        if (!given_) given_ = &list[i];
        mounts_.in_containers.push_back({init, i, given});
      }
    }
  }

  // Mounts of the sidecar never lie within each other, for the same reason as kOwn.
  bool ShowToSidecar(const std::string& directory, const Writer& writer) {
    const VolumeMount& mount = *writer.mount;
    for (const auto own : kOwn) {
      if (!PathContains(mount.path, own) && !PathContains(own, mount.path)) continue;
      Unseen(directory, "volume " + mount.volume + " at " +
                            (mount.path.empty() ? "/" : mount.path) +
                            " lies over folders of the sidecar itself");
      return false;
    }
    for (const auto& other : mounts_.in_sidecar) {
      if (other.path == mount.path && other.SameFolder(mount)) return true;
      if (!PathContains(other.path, mount.path) && !PathContains(mount.path, other.path)) continue;
      Unseen(directory, "volume " + mount.volume + " at " + mount.path + " and volume " +
                            other.volume + " at " + other.path +
                            " lie within each other, and the sidecar reads one of them");
      return false;
    }
    if (!mount.sub_path_expr.empty()) {
      const Status expands =
          AddPathVariables(*writer.container, mount.sub_path_expr, own_env_, mounts_.env);
      if (!expands.ok()) {
        Unseen(directory, "the sidecar cannot expand subPathExpr " + mount.sub_path_expr + ": " +
                              expands.error().message);
        return false;
      }
    }
    mounts_.in_sidecar.push_back(mount);
    return true;
  }

  void Unseen(const std::string& directory, std::string why) {
    mounts_.unseen.push_back({directory, std::move(why)});
  }

  const AdmittedPod& pod_;
  const std::vector<EnvVariable>& own_env_;
  std::vector<Candidate> all_;
  LogMounts mounts_;
  const AdmittedContainer* owner_ = nullptr;  // the first with a volume of its own for logs
  const AdmittedContainer* given_ = nullptr;  // the first that gets an emptyDir
};

}  // namespace

LogMounts PlanLogMounts(const AdmittedPod& pod, const LogFolders& folders,
                        const std::vector<EnvVariable>& own_env) {
  return LogMountPlanner(pod, own_env).Run(folders);
}

std::string FreeVolumeName(const AdmittedPod& pod, const std::vector<std::string>& taken,
                           const std::string& base) {
  auto used = [&](const std::string& name) {
    return pod.FindVolume(name) != nullptr || std::ranges::find(taken, name) != taken.end();
  };
  std::string name = base;
  for (int i = 2; used(name); ++i) name = base + "-" + std::to_string(i);
  return name;
}

}  // namespace telltale

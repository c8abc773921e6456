// SPDX-License-Identifier: Apache-2.0
//
// filesystem: size and room of the filesystems that this container has mounted, among them the
// volumes that it shares with the application. Pseudo filesystems and single files bound into the
// container (/etc/hosts) are left out.
#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/mount_prober.h"
#include "sidecar/collect/parse.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;

class FilesystemCollector : public Collector {
 public:
  FilesystemCollector(Registry& registry, const CollectorRoots& roots)
      : roots_(roots),
        usage_(
            registry,
            {{"telltale_filesystem_size_bytes", "Size of the filesystem.", Column::kGauge},
             {"telltale_filesystem_free_bytes", "Room left, also that kept for root.",
              Column::kGauge},
             {"telltale_filesystem_available_bytes", "Room left for users other than root.",
              Column::kGauge},
             {"telltale_filesystem_files", "File nodes of the filesystem.", Column::kGauge},
             {"telltale_filesystem_files_free", "File nodes left.", Column::kGauge},
             {"telltale_filesystem_readonly", "Whether it is mounted read-only.", Column::kGauge}}),
        error_(registry, {{"telltale_filesystem_device_error",
                           "Whether the filesystem gave an error or no answer when asked for its "
                           "size.",
                           Column::kGauge}}) {}

  Status Collect() override {
    auto text = ReadFile(roots_.proc + "/self/mountinfo");
    if (!text.ok()) return text.error();
    auto mounts = ParseMountInfo(*text);
    if (!mounts.ok()) return mounts.error();
    prober_.Begin();
    usage_.Begin();
    error_.Begin();
    for (const Mount& mount : *mounts) {
      if (!IsPseudo(mount)) CollectMount(mount);
    }
    usage_.End();
    error_.End();
    return {};
  }

 private:
  // One bad mount is a series that says so, not a failure of the collector.
  void CollectMount(const Mount& mount) {
    const auto usage = prober_.Probe(roots_.rootfs + mount.mount_point, MayHang(mount));
    if (usage.ok() && !usage->folder) return;
    std::string name;
    AppendValidUtf8(mount.mount_point, name);
    const Labels labels{{"mountpoint", name}};
    error_.Set(labels, {usage.ok() ? 0u : 1u});
    if (!usage.ok()) return;
    usage_.Set(labels, {usage->size, usage->free, usage->available, usage->files, usage->files_free,
                        mount.read_only ? 1u : 0u});
  }

  const CollectorRoots roots_;
  MountProber prober_;
  SeriesTable usage_, error_;
};

}  // namespace

std::unique_ptr<Collector> MakeFilesystemCollector(Registry& registry,
                                                   const CollectorRoots& roots) {
  return std::make_unique<FilesystemCollector>(registry, roots);
}

}  // namespace telltale

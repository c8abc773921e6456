// SPDX-License-Identifier: Apache-2.0
//
// filesystem: size and room of the filesystems that this container has mounted, among them the
// volumes that it shares with the application. Left out are kernel interfaces, mounts that no path
// leads to, the sidecar's own volumes, those of other containers, and single files bound into the
// container (/etc/hosts). Names and labels are node_exporter's.
#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/mount_info.h"
#include "sidecar/collect/mount_prober.h"
#include "sidecar/collect/name_filter.h"
#include "sidecar/collect/parse.h"
#include "sidecar/collect/skipped.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;

// "Input/output error" of "asking for the size of /x: Input/output error", as node_exporter
// writes it.
std::string Reason(const Error& error) {
  if (error.code == Code::kTimeout) return "timeout";
  const auto colon = error.message.rfind(": ");
  return LowerAscii(colon == std::string::npos ? error.message : error.message.substr(colon + 2));
}

class FilesystemCollector : public Collector {
 public:
  FilesystemCollector(Registry& registry, const CollectorRoots& roots)
      : roots_(roots),
        skipped_(registry, "filesystem", {"limit", "permission"}),
        usage_(
            registry,
            {{"node_filesystem_size_bytes", "Size of the filesystem.", Column::kGauge},
             {"node_filesystem_free_bytes", "Room left, also that kept for root.", Column::kGauge},
             {"node_filesystem_avail_bytes", "Room left for users other than root.",
              Column::kGauge},
             {"node_filesystem_files", "File nodes of the filesystem.", Column::kGauge},
             {"node_filesystem_files_free", "File nodes left.", Column::kGauge},
             {"node_filesystem_readonly",
              "Whether the filesystem itself is read-only, after a disk error for example, and not "
              "only mounted so here.",
              Column::kGauge}}),
        error_(registry, {{"node_filesystem_device_error",
                           "Whether the filesystem gave an error or no answer when asked for its "
                           "size; the label device_error says which.",
                           Column::kGauge}}) {}

  void Configure(const CollectorSettings& settings, std::chrono::milliseconds) override {
    filter_ = settings.filesystem;
    mountinfo_.clear();
  }

  Status Collect() override {
    auto text = ReadFile(roots_.proc + "/self/mountinfo");
    if (!text.ok()) return text.error();
    if (*text != mountinfo_) TELLTALE_TRY(ReadMounts(*std::move(text)));
    std::vector<MountProber::Question> questions;
    for (const Mount& mount : mounts_) {
      questions.push_back({roots_.rootfs + mount.mount_point, mount.may_hang});
    }
    const auto answers = prober_.Ask(questions);
    skipped_.Begin();
    usage_.Begin();
    error_.Begin();
    for (std::size_t i = 0; i < mounts_.size(); ++i) Publish(mounts_[i], answers[i]);
    usage_.End();
    error_.End();
    skipped_.End();
    return {};
  }

 private:
  // Mounts change seldom.
  Status ReadMounts(std::string text) {
    const auto all = ParseMountInfo(text);
    if (!all.ok()) return all.error();
    mounts_ = ReachableMounts(*all);
    std::erase_if(mounts_, [&](const Mount& mount) {
      return IsPseudo(mount) || !Keeps(filter_, mount.mount_point) ||
             (IsOfContainers(mount) && !Includes(filter_, mount.mount_point));
    });
    mountinfo_ = std::move(text);
    return {};
  }

  // One bad mount is a series that says so, not a failure of the collector.
  void Publish(const Mount& mount, const Result<FilesystemUsage>& usage) {
    if (usage.ok() && !usage->folder) return;
    if (!usage.ok() && usage.error().code == Code::kPermission) {
      return skipped_.Add("permission", usage.error().message);
    }
    const Labels labels{{"device", LabelText(mount.device)},
                        {"fstype", LabelText(mount.type)},
                        {"mountpoint", LabelText(mount.mount_point)}};
    Labels with_error = labels;
    if (!usage.ok()) SetLabel(with_error, "device_error", Reason(usage.error()));
    bool fits = error_.Set(with_error, {usage.ok() ? 0u : 1u});
    if (usage.ok()) {
      fits = usage_.Set(labels, {usage->size, usage->free, usage->available, usage->files,
                                 usage->files_free, mount.read_only ? 1u : 0u});
    }
    if (!fits) skipped_.Add("limit", mount.mount_point);
  }

  const CollectorRoots roots_;
  NameFilter filter_;
  std::string mountinfo_;  // that `mounts_` were read from
  std::vector<Mount> mounts_;
  MountProber prober_;
  Skipped skipped_;
  SeriesTable usage_, error_;
};

}  // namespace

std::unique_ptr<Collector> MakeFilesystemCollector(Registry& registry,
                                                   const CollectorRoots& roots) {
  return std::make_unique<FilesystemCollector>(registry, roots);
}

}  // namespace telltale

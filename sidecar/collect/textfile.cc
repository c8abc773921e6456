// SPDX-License-Identifier: Apache-2.0
//
// textfile: metrics that other programs leave in files `*.prom` of a shared volume. Names of its
// own metrics are node_exporter's where they mean the same.
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/parse.h"
#include "sidecar/collect/patient_call.h"
#include "sidecar/collect/skipped.h"
#include "sidecar/collect/textfile_scan.h"
#include "sidecar/collect/textfiles.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;
constexpr std::chrono::seconds kDeadline{2};
constexpr std::size_t kMaxFiles = 1'024;  // of all folders

class TextfileCollector : public Collector {
 public:
  TextfileCollector(Registry& registry, const CollectorRoots& roots)
      : textfiles_(roots.textfiles),
        error_(registry.AddGauge("node_textfile_scrape_error",
                                 "1 if a file or a folder could not be read, 0 else.")),
        registry_(registry),
        skipped_(registry, "textfile", {"limit"}),
        modified_(
            registry,
            {{"node_textfile_mtime_seconds", "When the file was last written.", Column::kGauge}},
            kMaxFiles),
        errors_(registry,
                {{"telltale_textfile_error", "1 for a file that is left out, by reason.",
                  Column::kGauge}},
                kMaxFiles) {}

  ~TextfileCollector() override {
    registry_.Remove("node_textfile_scrape_error", {});
    if (textfiles_ != nullptr) textfiles_->Set(nullptr);
  }

  void Configure(const CollectorSettings& settings, std::chrono::milliseconds) override {
    folders_ = settings.textfile;
  }

  // The shared volume may be one whose server is away.
  Status Collect() override {
    auto scan =
        call_.Run([scanner = scanner_,
                   folders = folders_] { return scanner->Scan(folders, RealClock().WallNanos()); },
                  kDeadline);
    error_.Set(1);
    if (!scan) {
      return Fail(Code::kTimeout,
                  "the files do not answer; the last content that was read is shown");
    }
    Publish(*scan);
    error_.Set(scan->errors.empty() && scan->folder_problems.empty() ? 0 : 1);
    if (scan->folder_problems.empty()) return {};
    return Fail(Code::kUnavailable, scan->folder_problems.front());
  }

 private:
  void Publish(const TextfileScan& scan) {
    if (textfiles_ != nullptr) textfiles_->Set(scan.page);
    skipped_.Begin();
    for (std::size_t i = 0; i < scan.left_out; ++i) skipped_.Add("limit", "more than 256 files");
    modified_.Begin();
    errors_.Begin();
    for (const auto& [path, seconds] : scan.modified) {
      if (!modified_.Set({{"file", LabelText(path)}}, {static_cast<std::uint64_t>(seconds)})) {
        skipped_.Add("limit", path);
      }
    }
    std::map<std::string, std::string> texts;
    for (const TextfileError& error : scan.errors) {
      errors_.Set({{"file", LabelText(error.path)}, {"reason", std::string(error.reason)}}, {1});
      texts[error.path] = error.text;
      if (const auto last = said_.find(error.path);
          last != said_.end() && last->second == error.text) {
        continue;
      }
      LogWarn("a file of metrics is left out",
              {{"file", error.path}, {"reason", error.reason}, {"error", error.text}});
    }
    said_ = std::move(texts);
    modified_.End();
    errors_.End();
    skipped_.End();
  }

  const std::shared_ptr<Textfiles> textfiles_;
  Gauge& error_;
  Registry& registry_;
  std::vector<TextfileConfig> folders_;
  std::shared_ptr<TextfileScanner> scanner_ = std::make_shared<TextfileScanner>();
  PatientCall<TextfileScan> call_;
  Skipped skipped_;
  SeriesTable modified_, errors_;
  std::map<std::string, std::string> said_;  // errors that were logged, by path
};

}  // namespace

std::unique_ptr<Collector> MakeTextfileCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<TextfileCollector>(registry, roots);
}

}  // namespace telltale

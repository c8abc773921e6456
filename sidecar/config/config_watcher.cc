// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_watcher.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::string_view kInfoHelp =
    "Always 1; the label is the hash of the configuration in effect.";

// The folder to watch: the path itself, or the one that holds the file.
std::string FolderOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return path;
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

ConfigWatcher::ConfigWatcher(std::string path, std::string pod_info, Registry& registry,
                             Clock& clock)
    : path_(std::move(path)),
      pod_info_(std::move(pod_info)),
      registry_(registry),
      clock_(clock),
      successful_(
          registry.AddGauge("telltale_config_last_reload_successful",
                            "1 if the configuration last read was accepted, 0 if a part of it "
                            "was refused and the last good one is in effect.")),
      success_time_(registry.AddGauge("telltale_config_last_reload_success_timestamp_seconds",
                                      "When a configuration was last accepted.")),
      reloads_(registry.AddCounter("telltale_config_reloads_total",
                                   "Changes of the configuration that were read.")),
      failures_(registry.AddCounter("telltale_config_reload_failures_total",
                                    "Changes of the configuration that were refused.")),
      unknown_parts_(registry.AddGauge(
          "telltale_config_unknown_parts",
          "Parts of the operator's configuration that this release does not know and leaves out.")),
      targets_(registry),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_)
    LogWarn("inotify is not available: a change of the configuration is seen within 10 s");
}

// Adding a watch that is there already is harmless, and one whose folder was replaced comes back.
void ConfigWatcher::Watch() {
  if (!inotify_) return;
  constexpr std::uint32_t kEvents =
      IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  inotify_add_watch(inotify_.get(), FolderOf(path_).c_str(), kEvents);
  if (!pod_info_.empty()) inotify_add_watch(inotify_.get(), pod_info_.c_str(), kEvents);
}

// The content of the events is not used: any event leads to reading everything again.
void ConfigWatcher::DrainEvents() {
  if (!inotify_) return;
  alignas(inotify_event) char buffer[4096];
  while (read(inotify_.get(), buffer, sizeof buffer) > 0) {
  }
}

bool ConfigWatcher::Check(bool anyway) {
  last_check_ = clock_.Steady();
  DrainEvents();
  Watch();  // before reading, so that no change falls between
  ConfigTexts texts = ReadConfigTexts(path_, pod_info_);
  if (!anyway && texts_ && *texts_ == texts) return false;
  const bool first = !texts_.has_value();
  texts_ = std::move(texts);

  LoadedConfig loaded = source_.Load(*texts_);
  reloads_.Add();
  Log(loaded);
  unknown_parts_.Set(static_cast<double>(loaded.unknown_parts));
  const bool good = loaded.problems.empty();
  successful_.Set(good ? 1 : 0);
  if (good) {
    success_time_.Set(static_cast<double>(clock_.WallNanos() / 1'000'000'000));
  } else {
    failures_.Add();
  }
  const bool changed =
      first || loaded.config != current_.config || loaded.pod_labels != current_.pod_labels;
  targets_.Publish(loaded.targets);
  current_ = std::move(loaded);
  PublishHash();
  return changed;
}

void ConfigWatcher::Log(const LoadedConfig& loaded) {
  for (const std::string& warning : loaded.warnings) {
    LogWarn("the configuration may not do what it should", {{"warning", warning}});
  }
  for (const std::string& problem : loaded.problems) {
    LogError("a configuration is refused; the last good one stays in effect",
             {{"problem", problem}});
  }
}

void ConfigWatcher::PublishHash() {
  if (published_hash_ == current_.hash) return;
  const Labels labels{{"hash", current_.hash}};
  if (!published_hash_.empty()) {
    registry_.Remove("telltale_config_info", {{"hash", published_hash_}});
  }
  registry_.AddGauge("telltale_config_info", kInfoHelp, labels).Set(1);
  published_hash_ = current_.hash;
  LogInfo("configuration in effect", {{"path", path_}, {"hash", current_.hash}});
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_watcher.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::string_view kInfoHelp = "The configuration in effect, by the hash of its documents.";

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
      successful_(registry.AddGauge("telltale_config_last_reload_successful",
                                    "Whether the configuration last read was good (1) or not (0); "
                                    "a bad one leaves the last good one in effect.")),
      success_time_(registry.AddGauge("telltale_config_last_reload_success_timestamp_seconds",
                                      "When a good configuration was last read.")),
      reloads_(registry.AddCounter("telltale_config_reloads_total",
                                   "How often a changed configuration was read.")),
      failures_(registry.AddCounter("telltale_config_reload_failures_total",
                                    "How often a changed configuration was bad.")),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_) LogWarn("no inotify: changes of the configuration are seen within 10 s");
}

// Adding a watch that is there already is harmless, and one whose folder was replaced comes back.
void ConfigWatcher::Watch() {
  if (!inotify_) return;
  constexpr std::uint32_t kEvents =
      IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  inotify_add_watch(inotify_.get(), FolderOf(path_).c_str(), kEvents);
  if (!pod_info_.empty()) inotify_add_watch(inotify_.get(), pod_info_.c_str(), kEvents);
}

// What the events say does not matter: everything is read again.
void ConfigWatcher::DrainEvents() {
  if (!inotify_) return;
  alignas(inotify_event) char buffer[4096];
  while (read(inotify_.get(), buffer, sizeof buffer) > 0) {
  }
}

bool ConfigWatcher::Check() {
  last_check_ = clock_.Steady();
  DrainEvents();
  Watch();  // before reading, so that no change falls between
  ConfigTexts texts = ReadConfigTexts(path_, pod_info_);
  if (texts_ && *texts_ == texts) return false;
  const bool first = !texts_.has_value();
  texts_ = std::move(texts);

  LoadedConfig loaded = source_.Load(*texts_);
  reloads_.Add();
  for (const std::string& warning : loaded.warnings) LogWarn(warning);
  for (const std::string& problem : loaded.problems) {
    LogError("bad configuration is not used; a good one before it stays in effect",
             {{"problem", problem}});
  }
  const bool good = loaded.problems.empty();
  successful_.Set(good ? 1 : 0);
  if (good) {
    success_time_.Set(static_cast<double>(clock_.WallNanos() / 1'000'000'000));
  } else {
    failures_.Add();
  }
  const bool changed =
      first || loaded.config != current_.config || loaded.pod_labels != current_.pod_labels;
  current_ = std::move(loaded);
  Publish();
  return changed;
}

void ConfigWatcher::Publish() {
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

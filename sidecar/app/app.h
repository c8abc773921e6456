// SPDX-License-Identifier: Apache-2.0
//
// Puts the parts of the sidecar together; no other file knows all of them. Threads: the caller's
// runs the main loop (configuration, collectors). The HTTP server, the log pipeline, the reloader
// and a node agent's list of pods have their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_server.h"
#include "sidecar/alert/alert_pusher.h"
#include "sidecar/app/options.h"
#include "sidecar/app/reloader.h"
#include "sidecar/app/service_manager.h"
#include "sidecar/collect/runner.h"
#include "sidecar/collect/textfiles.h"
#include "sidecar/config/config_watcher.h"
#include "sidecar/lastsample/last_sample.h"
#include "sidecar/node/pod_feed.h"
#include "sidecar/podlog/pod_logs.h"
#include "sidecar/push/push_handler.h"
#include "sidecar/serve/status_pages.h"
#include "sidecar/ship/log_pipeline.h"

namespace telltale {

inline constexpr std::chrono::seconds kFlushOnStop{10};
// With --once, which nobody is in a hurry to end.
inline constexpr std::chrono::seconds kFlushOnce{60};
// How long /readyz, and with it the application's start, waits for a first configuration. A pod
// that is created together with its MonitoringTarget may start before the ConfigMap is there;
// without the wait it could rotate its first log file before the sidecar knows about it.
inline constexpr std::chrono::seconds kAwaitConfig{5};

class App {
 public:
  // The labels of `pod` are read from the folder --pod-info. `listen`, unless it is empty, replaces
  // the address in the configuration.
  App(const SidecarOptions& options, PodInfo pod, std::string listen, std::string version,
      Clock& clock, ServiceManager service = {});
  ~App();

  // Reads the configuration, listens, and starts everything. On an error nothing runs.
  Status Start();
  // Runs until `stop_fd` is readable; then /readyz fails, logs are flushed and all threads are
  // joined. When `reload_fd`, a signalfd, is readable the configuration is read again.
  void Run(int stop_fd, int reload_fd = -1);
  std::uint16_t port() const { return server_->port(); }

  // Instead of Start and Run: a cycle of the collectors, the logs that are there, and the page of
  // metrics that a scrape would get then. Nothing listens.
  struct Once {
    std::string page;
    bool all_sent = true;  // of the logs
  };
  Result<Once> RunOnce();

 private:
  Status Prepare();
  void Apply();
  void Reload(int reload_fd);
  Status FollowPods();
  void FollowOutput(const SidecarConfig& config);
  void BecomeReady();
  void SayReady();  // to the service manager; a reload may come before we are
  void Stop();
  void SendOwnPage();  // its last samples

  const bool node_agent_;
  PodInfo pod_;
  const std::string listen_override_;
  Clock& clock_;
  Registry registry_;
  const std::shared_ptr<Textfiles> textfiles_ = std::make_shared<Textfiles>();
  ConfigWatcher watcher_;
  CollectorRunner runner_;
  Reloader reloader_;
  AlertPusher alerts_;
  PushHandler push_;
  LastSample last_sample_;
  StatusPages pages_;
  ServiceManager service_;
  std::unique_ptr<LogPipeline> pipeline_;
  std::unique_ptr<PodFeed> pods_;  // of a node agent
  UniqueFd pods_changed_;
  std::unique_ptr<PodLogs> output_;  // of our pod's containers, once that is asked for
  std::unique_ptr<HttpServer> server_;
  std::string started_listen_, started_state_;
  bool ready_ = false;
  SteadyTime ready_at_{};  // at the latest
};

// For --check-config: the sentences that a sidecar with these options would log, and that it has to
// end for.
struct CheckResult {
  std::vector<std::string> problems, warnings;
};
CheckResult CheckConfig(const SidecarOptions& options);

}  // namespace telltale

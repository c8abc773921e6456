// SPDX-License-Identifier: Apache-2.0
//
// The composition of the sidecar: the only place that knows every part. Threads: the main loop
// (configuration, collectors) is the caller's; the HTTP server, the log pipeline and, when they are
// used, the reloader and a node agent's list of pods have their own.
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
#include "sidecar/collect/runner.h"
#include "sidecar/config/config_watcher.h"
#include "sidecar/node/pod_feed.h"
#include "sidecar/podlog/pod_logs.h"
#include "sidecar/serve/status_pages.h"
#include "sidecar/ship/log_pipeline.h"

namespace telltale {

inline constexpr std::chrono::seconds kFlushOnStop{10};
// How long /readyz, and with it the application's start, waits for a first configuration. A pod
// that is made together with its MonitoringTarget may start before the ConfigMap is there, and
// would rotate its first log file before anybody knows that it is wanted.
inline constexpr std::chrono::seconds kAwaitConfig{5};

class App {
 public:
  // `pod` without labels: they come from the folder --pod-info. `listen` wins over the
  // configuration unless it is empty.
  App(const SidecarOptions& options, PodInfo pod, std::string listen, std::string version,
      Clock& clock);
  ~App();

  // Reads the configuration, binds, and starts everything. An error says why nothing runs.
  Status Start();
  // Until `stop_fd` is readable; then /readyz fails, logs are flushed and all threads are joined.
  void Run(int stop_fd);
  std::uint16_t port() const { return server_->port(); }

 private:
  void Apply();
  Status FollowPods();
  void FollowOutput(const SidecarConfig& config);
  void BecomeReady();
  void Stop();

  const bool node_agent_;
  PodInfo pod_;
  const std::string listen_override_;
  Clock& clock_;
  Registry registry_;
  ConfigWatcher watcher_;
  CollectorRunner runner_;
  Reloader reloader_;
  AlertPusher alerts_;
  StatusPages pages_;
  std::unique_ptr<LogPipeline> pipeline_;
  std::unique_ptr<PodFeed> pods_;  // of a node agent
  UniqueFd pods_changed_;
  std::unique_ptr<PodLogs> output_;  // of our pod's containers, once that is asked for
  std::unique_ptr<HttpServer> server_;
  std::string started_listen_, started_state_;
  bool ready_ = false;
  SteadyTime ready_at_{};  // at the latest
};

// For --check-config: everything that is wrong in the configuration, one sentence each.
std::vector<std::string> CheckConfig(const SidecarOptions& options);

}  // namespace telltale

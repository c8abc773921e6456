// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/app.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/metrics/process_metrics.h"
#include "sidecar/app/last_pages.h"
#include "sidecar/app/stream_labels.h"
#include "sidecar/journal/state_lock.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

// Enough for Prometheus, probes and a few people. Each connection costs a buffer, and the process
// should stay below 4 MB.
constexpr int kMaxConnections = 32;
// Only pushes have a body of a size. Bodies that arrive and pages that are read slowly share these.
constexpr std::size_t kMaxBody = 4 << 10;
constexpr std::size_t kMaxInput = 4 << 20;
constexpr std::size_t kMaxOutput = 4 << 20;
constexpr std::chrono::seconds kKeepPushed{1};  // how often pushed groups are written to disk

constexpr std::string_view kNodeNeeds =
    "--role=node needs pods.operator in the configuration, the URL of the operator, and the "
    "environment variable NODE_NAME";

HttpServerOptions ServerOptions(std::string listen) {
  HttpServerOptions options;
  options.listen = std::move(listen);
  options.max_body = kMaxBody;
  options.max_input = kMaxInput;
  options.max_output = kMaxOutput;
  options.max_connections = kMaxConnections;
  return options;
}

}  // namespace

App::App(const SidecarOptions& options, PodInfo pod, std::string listen, std::string version,
         Clock& clock, ServiceManager service)
    : node_agent_(options.role == "node"),
      pod_(std::move(pod)),
      listen_override_(std::move(listen)),
      clock_(clock),
      watcher_(options.config, options.pod_info, registry_, clock),
      runner_(registry_, clock, {"/proc", "", textfiles_}),
      reloader_(registry_, clock),
      alerts_(registry_, clock),
      push_(registry_, clock),
      last_sample_(registry_, clock),
      pages_(push_, version),
      service_(std::move(service)) {
  AddProcessMetrics(registry_, "telltale-sidecar", version);
  push_.ShowFiles([files = textfiles_] { return FamiliesOf(files->Get()); });
}

App::~App() = default;

Status App::Prepare() {
  watcher_.Check();
  const LoadedConfig& loaded = watcher_.current();
  if (!loaded.usable) {
    return Fail(Code::kInvalid, "the configuration cannot be used: " + loaded.problems.front());
  }
  started_listen_ =
      listen_override_.empty() ? std::string(loaded.config.Listen()) : listen_override_;
  started_state_ = std::string(loaded.config.StateDir());
  return {};
}

Status App::Start() {
  TELLTALE_TRY(Prepare());
  const LoadedConfig& loaded = watcher_.current();
  HttpServerOptions options = ServerOptions(started_listen_);
  options.listen_on_loopback = loaded.config.pushgateway.has_value();
  options.max_body_of = [this](const HttpRequest& head) { return push_.MaxBody(head, kMaxBody); };
  options.on_refused = [this](std::string_view target, int status) {
    push_.OnRefused(target, status);
  };
  server_ = std::make_unique<HttpServer>(
      std::move(options), [this](const HttpRequest& request) { return pages_.Handle(request); });
  TELLTALE_TRY(server_->Start());
  pipeline_ = std::make_unique<LogPipeline>(PipelineOptions(loaded.config), registry_, clock_);
  if (node_agent_) TELLTALE_TRY(FollowPods());
  Apply();
  TELLTALE_TRY(pipeline_->Start());
  if (pods_) pods_->Start();
  runner_.RunCycle();  // so that the first scrape finds values
  LogInfo("telltale-sidecar serves", {{"listen", started_listen_}, {"http_port", server_->port()}});
  ready_at_ = clock_.Steady() + (loaded.any ? milliseconds(0) : kAwaitConfig);
  BecomeReady();
  return {};
}

Status App::FollowPods() {
  const SidecarConfig& config = watcher_.current().config;
  if (config.pods.operator_url.empty() || pod_.node.empty()) {
    return Fail(Code::kInvalid, std::string(kNodeNeeds));
  }
  auto url = ParseUrl(config.pods.operator_url);
  if (!url.ok()) return Context("pods.operator", url.error());
  pods_changed_ = UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  PodFeedOptions options;
  options.operator_url = *std::move(url);
  options.token_file = config.pods.operator_token_file;
  options.node = pod_.node;
  options.directory = std::string(config.PodsDirectory());
  options.state_dir = started_state_;
  options.behind = [this](std::chrono::seconds age) { return pipeline_->Behind(age); };
  options.changed = [fd = pods_changed_.get()] { eventfd_write(fd, 1); };
  pods_ = std::make_unique<PodFeed>(std::move(options), registry_, clock_);
  return {};
}

void App::FollowOutput(const SidecarConfig& config) {
  std::vector<std::string> containers;
  if (!config.loki.url.empty()) containers = OutputContainers(config, pod_);
  if (!containers.empty() && !output_) {
    auto server = InClusterServer();
    if (!server.ok()) {
      LogError("the output of the pod's containers cannot be followed",
               {{"error", server.error().message}});
      return;
    }
    FollowerOptions options;
    options.server = *std::move(server);
    options.ns = pod_.ns;
    options.pod = pod_.name;
    options.acked = [this](const std::string& path) { return pipeline_->Acked(path); };
    output_ = std::make_unique<PodLogs>(std::move(options), started_state_, registry_, clock_);
  }
  if (output_) output_->Follow(containers);
}

void App::BecomeReady() {
  if (ready_ || (!watcher_.current().any && clock_.Steady() < ready_at_)) return;
  ready_ = true;
  pages_.SetState(StatusPages::State::kReady);
  SayReady();
}

void App::SayReady() {
  if (ready_) service_.Ready("serves " + started_listen_);
}

void App::Apply() {
  const LoadedConfig& loaded = watcher_.current();
  const SidecarConfig& config = loaded.config;
  pod_.labels = loaded.pod_labels;
  if (listen_override_.empty() && config.Listen() != started_listen_) {
    LogWarn("listen changed; the sidecar must be restarted for it",
            {{"listen", started_listen_}, {"configured", config.Listen()}});
  }
  if (config.StateDir() != started_state_) {
    LogWarn("state changed; the sidecar must be restarted for it",
            {{"state", started_state_}, {"configured", config.StateDir()}});
  }
  alerts_.Configure(AlertTargets(config.alertmanager));
  LogPipelineOptions logs = PipelineOptions(config);
  // A pod's sidecar is ended after the containers whose files it reads. Files of a node or of a
  // machine under systemd live on, and the next start reads on where this one stopped.
  logs.send_unfinished_at_stop = !node_agent_ && std::getenv("INVOCATION_ID") == nullptr;
  logs.on_alert = [this](LogAlert alert) {
    alerts_.Raise(
        {std::move(alert.labels), std::move(alert.annotations), alert.quiet_ms, alert.time});
  };
  auto sources = LogSources(config, pod_);
  if (pods_) {
    auto of_pods = NodeSources(pods_->pods(), config.labels, pod_.node,
                               std::string(config.PodsDirectory()), config.PodLinkTargets());
    for (LogSource& source : of_pods) {
      source.max_line_size = static_cast<std::size_t>(config.loki.max_line_bytes);
      sources.push_back(std::move(source));
    }
  }
  pipeline_->Reconfigure(std::move(sources), std::move(logs));
  FollowOutput(config);
  if (config.pushgateway && !push_.enabled()) push_.KeepIn(started_state_ + "/pushed");
  push_.Configure(PushOptionsOf(config));
  runner_.Configure(config.collectors, milliseconds(config.IntervalMs()),
                    config.collector_settings);
  runner_.LogCycles(config.log_cycle);
  if (server_) last_sample_.Configure(LastSampleOptionsOf(config, pod_, server_->port()));
  reloader_.Configure(config.reload);
  GiveBackMemory();  // the tree that the configuration was parsed into is garbage now
}

void App::Reload(int reload_fd) {
  signalfd_siginfo received;
  while (read(reload_fd, &received, sizeof received) > 0) {
  }
  service_.Reloading();
  const bool changed = watcher_.Check(true);
  LogInfo("SIGHUP: the configuration was read again", {{"changed", changed ? "yes" : "no"}});
  if (changed) Apply();
  SayReady();
}

Result<App::Once> App::RunOnce() {
  TELLTALE_TRY(Prepare());
  if (const auto holder = StateLock::Holder(started_state_)) {
    return Fail(Code::kUnavailable, "another telltale-sidecar, " + *holder +
                                        ", uses the state folder " + started_state_ +
                                        ": --once needs a configuration with another `state`");
  }
  pipeline_ =
      std::make_unique<LogPipeline>(PipelineOptions(watcher_.current().config), registry_, clock_);
  Apply();
  TELLTALE_TRY(pipeline_->Start());
  runner_.RunOnce();
  reloader_.Stop();
  if (output_) output_->Stop();
  const SidecarConfig& config = watcher_.current().config;
  Once out;
  if (!config.loki.url.empty() && !config.logs.empty()) {
    out.all_sent = pipeline_->Flush(kFlushOnce);
  }
  pipeline_->Stop(milliseconds(0));
  alerts_.Stop();
  PageWriter writer({}, out.page);
  push_.RenderPage(writer);
  return out;
}

void App::Run(int stop_fd, int reload_fd) {
  for (;;) {
    SteadyTime due = std::min(watcher_.NextSweep(), runner_.NextCycle());
    if (!ready_) due = std::min(due, ready_at_);
    due = std::min(due, service_.NextSign());
    if (push_.enabled()) due = std::min(due, clock_.Steady() + kKeepPushed);
    const auto wait = std::chrono::ceil<milliseconds>(due - clock_.Steady());
    pollfd fds[] = {{stop_fd, POLLIN, 0},
                    {watcher_.fd(), POLLIN, 0},
                    {pods_changed_.get(), POLLIN, 0},
                    {reload_fd, POLLIN, 0}};
    poll(fds, 4, static_cast<int>(std::max(wait, milliseconds(0)).count()));
    if (fds[0].revents != 0) break;
    if (fds[1].revents != 0 || clock_.Steady() >= watcher_.NextSweep()) {
      if (watcher_.Check()) Apply();
    }
    if (eventfd_t count; fds[2].revents != 0 && eventfd_read(pods_changed_.get(), &count) == 0) {
      Apply();
    }
    if (fds[3].revents != 0) Reload(reload_fd);
    if (clock_.Steady() >= runner_.NextCycle()) runner_.RunCycle();
    push_.Save();
    BecomeReady();
    service_.StillAlive(clock_.Steady());
  }
  Stop();
}

void App::Stop() {
  LogInfo("stopping: sending what is left of the logs");
  service_.Stopping();
  pages_.SetState(StatusPages::State::kStopping);
  reloader_.Stop();
  if (pods_) pods_->Stop();
  if (output_) output_->Stop();
  last_sample_.Begin();
  // The server stays until the logs are out: their counters are never as interesting as now.
  pipeline_->Stop(kFlushOnStop);
  alerts_.Stop();
  server_->Stop(milliseconds(1'000));
  push_.Save();
  if (last_sample_.enabled()) SendOwnPage();
}

void App::SendOwnPage() {
  runner_.RunCycle();
  std::string page;
  PageWriter writer({PageFormat::kText, Escaping::kAllowUtf8}, page);
  push_.RenderPage(writer);
  last_sample_.Finish(page);
}

CheckResult CheckConfig(const SidecarOptions& options) {
  ConfigSource source;
  LoadedConfig loaded = source.Load(ReadConfigTexts(options.config, options.pod_info));
  if (options.role == "node" && loaded.config.pods.operator_url.empty() &&
      loaded.problems.empty()) {
    loaded.problems.push_back(options.config + ": " + std::string(kNodeNeeds));
  }
  return {std::move(loaded.problems), std::move(loaded.warnings)};
}

}  // namespace telltale

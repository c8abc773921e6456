// SPDX-License-Identifier: Apache-2.0
#include "operator/app/app.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "common/metrics/process_metrics.h"
#include "common/net/http/http_server.h"
#include "operator/app/core.h"
#include "operator/kube/client/api_transport.h"
#include "operator/kube/client/instrumented_transport.h"
#include "operator/reconcile/eventlog/event_log.h"
#include "operator/reconcile/prometheus/prometheus_poller.h"
#include "operator/reconcile/release_watch.h"
#include "operator/reconcile/webhook_authority.h"
#include "operator/serve/operator_handler.h"
#include "operator/serve/webhook_handler.h"

namespace telltale {
namespace {

// The API server's objects are below 3 MiB.
constexpr std::size_t kMaxAdmissionReview = 4u << 20;
// Of all connections; one review may be larger.
constexpr std::size_t kMaxUnfinishedReviews = 2u << 20;
// A TLS connection takes 85 KiB. The API server keeps at most 25 idle; in a burst, others wait for
// a moment.
constexpr int kMaxWebhookConnections = 40;
constexpr std::size_t kMaxUnfinishedRequests = 1u << 20;  // of --http-listen, which takes no bodies

// Who we are among the replicas: the pod's name, outside of a cluster the process.
std::string PodName() {
  const char* name = std::getenv("POD_NAME");
  return name != nullptr && *name != '\0' ? name : "telltale-operator";
}

}  // namespace

struct App::Impl {
  explicit Impl(OperatorOptions o) : options(std::move(o)) {}

  Status Connect();
  Result<CoreOptions> MakeCoreOptions();
  Status MakeParts();
  Status MakePoller();
  void MakeEventLog();
  Status UseLeaf(const KeyPair& leaf);
  std::string NotReady() const;

  OperatorOptions options;
  Registry registry;
  struct Connection {
    std::unique_ptr<HttpTransport> bare;
    std::optional<InstrumentedTransport> counted;
  };
  Connection reads, writes, lease;
  std::optional<Api> open_api;  // whether this replica leads or not
  std::unique_ptr<ReleaseWatch> release;
  std::unique_ptr<Core> core;
  std::unique_ptr<PrometheusPoller> poller;
  std::unique_ptr<WebhookAuthority> authority;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<HttpServer> webhook;  // made by the authority's thread with its first leaf
  std::atomic<bool> webhook_ready{false};
  std::atomic<bool> draining{false};
  std::vector<std::jthread> threads;
  std::unique_ptr<EventLog> event_log;
  std::unique_ptr<Reflector> events;
  std::jthread event_writer, event_reader;
};

Status App::Impl::Connect() {
  auto config = options.kubeconfig.empty() ? InClusterConfig() : LoadKubeConfig(options.kubeconfig);
  if (!config) return config.error();
  if (options.ns.empty()) options.ns = config->ns;
  for (Connection* connection : {&reads, &writes, &lease}) {
    auto made = MakeApiTransport(*config, {.metrics = &registry});
    if (!made) return made.error();
    connection->bare = std::move(*made);
    connection->counted.emplace(*connection->bare, registry, config->server.HostHeader());
  }
  return {};
}

Result<CoreOptions> App::Impl::MakeCoreOptions() {
  CoreOptions made;
  made.ns = options.ns;
  made.trusted_namespaces =
      NameSet(options.trusted_namespaces.empty() ? options.ns : options.trusted_namespaces);
  if (std::string valid; AppendValidUtf8(options.cluster, valid), valid != options.cluster) {
    return Fail(Code::kInvalid, "--cluster: the name must be UTF-8");
  }
  made.cluster = options.cluster;
  auto tenants = TenantPolicy::Parse(options.tenants, options.loki_tenant);
  if (!tenants) return Context("--tenants", tenants.error());
  made.tenants = *std::move(tenants);
  made.sidecars = {.loki_url = options.loki_url,
                   .alertmanager_url = options.alertmanager_url,
                   .loki_tenant = options.loki_tenant,
                   .loki_credentials = !options.loki_secret.empty()};
  made.promtail = options.promtail;
  made.promtail_config = {options.loki_url, options.loki_tenant,
                          NameSet(options.promtail_secret_keys), options.promtail_version};
  if (!options.scrape_jobs.empty()) {
    auto text = ReadFile(options.scrape_jobs);
    if (!text) return Context("--scrape-jobs", text.error());
    auto templates = ParseScrapeJobTemplates(*text);
    if (!templates) return Context("--scrape-jobs " + options.scrape_jobs, templates.error());
    made.scrape_jobs = *std::move(templates);
  }
  made.injects = options.webhook_listen != "off";
  made.asks_prometheus = !options.prometheus_url.empty();
  made.installation = {.sidecar_image = options.sidecar_image,
                       .loki_secret = !options.loki_secret.empty(),
                       .scrape_classes = NameSet(options.scrape_classes),
                       .injects = options.webhook_listen != "off",
                       .log_store = !options.loki_url.empty()};
  made.yields = [this] { return release->Yields(); };
  made.owner = [this] { return release->Owner(); };
  made.identity = MakeIdentity(PodName());
  if (!options.leader_elect) return made;
  LeaderOptions leader = options.leader;
  leader.ns = options.ns;
  leader.identity = made.identity;
  leader.owner = made.owner;
  if (Status valid = ValidateLeaderOptions(leader); !valid.ok()) return valid.error();
  made.leader = std::move(leader);
  return made;
}

Status App::Impl::MakeParts() {
  AddProcessMetrics(registry, "telltale-operator", TELLTALE_VERSION);
  open_api.emplace(*writes.counted);
  release = std::make_unique<ReleaseWatch>(
      ReleaseOptions{options.webhook_configuration, options.owner_role}, *open_api, registry);
  auto core_options = MakeCoreOptions();
  if (!core_options) return core_options.error();
  core = std::make_unique<Core>(std::move(*core_options),
                                CoreTransports{*reads.counted, *writes.counted, *lease.counted},
                                registry);
  TELLTALE_TRY(MakePoller());
  if (!options.events_file.empty()) MakeEventLog();
  HttpServerOptions listen;
  listen.listen = options.http_listen;
  listen.max_body = 0;
  listen.max_input = kMaxUnfinishedRequests;
  OperatorHandler pages(
      [this] { return core->document(); }, [this] { return NotReady(); },
      [this](const HttpRequest& request) { return core->node_logs().Answer(request); }, registry);
  pages.ServeClasses([this](const std::string& name) { return core->document(name); });
  if (!options.discovery_token_file.empty()) {
    auto token = std::make_shared<TokenSource>("", options.discovery_token_file, RealClock(),
                                               "--discovery-token-file");
    TELLTALE_TRY(token->Get());
    pages.RequireToken(std::move(token));
  }
  http = std::make_unique<HttpServer>(listen, std::move(pages));
  if (options.webhook_listen != "off") {
    authority = std::make_unique<WebhookAuthority>(
        AuthorityOptions{.ns = options.ns,
                         .service_name = options.service_name,
                         .configuration = options.webhook_configuration,
                         .owner = [this] { return release->Owner(); },
                         .open_api = &*open_api},
        core->writes(), [this](const KeyPair& leaf) { return UseLeaf(leaf); }, registry,
        RealClock(), [this] { return core->IsLeader(); });
    core->OnTerm([this] { authority->Changed(); });
  }
  return {};
}

Status App::Impl::MakePoller() {
  PrometheusOptions prometheus;
  prometheus.urls = NameList(options.prometheus_url);
  if (prometheus.urls.empty()) return {};
  prometheus.access.credentials = options.prometheus_credentials;
  prometheus.access.proxy_url = options.prometheus_proxy;
  for (const auto& header : NameList(options.prometheus_headers)) {
    const std::size_t equals = header.find('=');
    const std::string name = header.substr(0, equals);
    const bool named = std::ranges::all_of(
        name, [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '_'; });
    if (equals == std::string::npos || name.empty() || !named) {
      return Fail(Code::kInvalid, "--prometheus-headers: \"" + name + "\" must be NAME=VALUE");
    }
    prometheus.access.headers.emplace_back(name, header.substr(equals + 1));
  }
  auto made = PrometheusPoller::Make(
      prometheus, core->view(), [this] { return core->IsLeader(); },
      [this](const ReportChanges& changes) { core->ReportsChanged(changes); }, registry);
  if (!made) return Context("--prometheus-url", made.error());
  poller = *std::move(made);
  return {};
}

void App::Impl::MakeEventLog() {
  event_log =
      std::make_unique<EventLog>(EventLogOptions{.ns = options.ns,
                                                 .file = options.events_file,
                                                 .leads = [this] { return core->IsLeader(); },
                                                 .owner = [this] { return release->Owner(); }},
                                 core->writes(), registry);
  events = std::make_unique<Reflector>(
      ReflectorOptions{.name = "events", .collection = "/api/v1/events", .selector = ""},
      *reads.counted, *event_log, registry);
}

Status App::Impl::UseLeaf(const KeyPair& leaf) {
  if (webhook) return webhook->SetKeyPair(leaf);
  HttpServerOptions listen;
  listen.listen = options.webhook_listen;
  listen.max_body = kMaxAdmissionReview;
  listen.max_input = kMaxUnfinishedReviews;
  listen.max_connections = kMaxWebhookConnections;
  listen.tls = leaf;
  auto server = std::make_unique<HttpServer>(
      listen, WebhookHandler(
                  {options.sidecar_image, options.sidecar_pull_policy, options.loki_secret,
                   NameList(options.sidecar_pull_secrets)},
                  [this](const std::string& ns, const Labels& labels) {
                    return core->Selecting(ns, labels);
                  },
                  registry, [this](const std::string& ns) { return core->RulesOf(ns); }));
  TELLTALE_TRY(server->Start());
  LogInfo("the injection webhook is serving", {{"port", server->port()}});
  webhook = std::move(server);
  webhook_ready = true;
  return {};
}

std::string App::Impl::NotReady() const {
  if (draining) return "shutting down";
  if (const std::string older = release->Older(); !older.empty()) {
    return "another installation of Telltale is older and writes in this cluster (its "
           "MutatingWebhookConfiguration is " +
           older + "): uninstall one of the two";
  }
  if (!core->document()) return "the caches are not synced yet";
  if (!core->RulesKnown()) return "the LimitRanges are not read yet";
  if (authority && !webhook_ready) return "the injection webhook has no certificate yet";
  return "";
}

App::App(OperatorOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
App::~App() { Stop(); }

Status App::Start() {
  Impl& app = *impl_;
  TELLTALE_TRY(app.Connect());
  TELLTALE_TRY(app.MakeParts());
  TELLTALE_TRY(app.http->Start());
  app.core->Start();
  app.threads.emplace_back([&app] { app.release->Run(); });
  if (app.poller) app.threads.emplace_back([&app] { app.poller->Run(); });
  if (app.authority) app.threads.emplace_back([&app] { app.authority->Run(); });
  if (app.events) {
    app.event_reader = std::jthread([&app] { app.events->Run(); });
    app.event_writer = std::jthread([&app] { app.event_log->Run(); });
  }
  LogInfo("started", {{"version", TELLTALE_VERSION},
                      {"http_port", app.http->port()},
                      {"namespace", app.options.ns}});
  return {};
}

void App::Drain() {
  Impl& app = *impl_;
  if (app.draining.exchange(true) || !app.core) return;
  app.release->Stop();
  if (app.poller) app.poller->Stop();
  if (app.authority) app.authority->Stop();
  if (app.event_log) app.event_log->Stop();
  // Its last lines and its position are written while the lease is ours.
  if (app.event_writer.joinable()) app.event_writer.join();
  app.core->StopWriting();
  app.threads.clear();  // joins
}

void App::Stop() {
  Drain();
  if (impl_->webhook) impl_->webhook->Stop();
  if (impl_->http) impl_->http->Stop();
  if (impl_->events) impl_->events->Stop();
  if (impl_->core) impl_->core->Stop();  // cancels what the readers wait for
  if (impl_->event_reader.joinable()) impl_->event_reader.join();
}

}  // namespace telltale

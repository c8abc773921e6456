// SPDX-License-Identifier: Apache-2.0
#include "operator/app/app.h"

#include <atomic>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "common/metrics/process_metrics.h"
#include "operator/kube/client/cpprest_transport.h"
#include "operator/kube/watch/reflector.h"
#include "operator/reconcile/prometheus_poller.h"
#include "operator/reconcile/webhook_authority.h"
#include "operator/reconcile/writer.h"
#include "operator/serve/operator_handler.h"
#include "operator/serve/webhook_handler.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxAdmissionReview = 8u << 20;  // the API server's objects are below 3 MiB
constexpr std::string_view kTargets = "/apis/telltale.dev/v1alpha1/monitoringtargets";

template <class T>
struct Watched {
  Watched(ReflectorOptions options, ObjectStore<T>& store, typename StoreSink<T>::Decode decode,
          std::function<void()> changed, HttpTransport& transport, Registry& registry)
      : sink(store, decode, std::move(changed)),
        reflector(std::move(options), transport, sink, registry) {}
  StoreSink<T> sink;
  Reflector reflector;
};

}  // namespace

struct App::Impl {
  explicit Impl(OperatorOptions o) : options(std::move(o)) {}

  Status Connect();
  Status MakeParts();
  void MakeReflectors();
  Status UseLeaf(const KeyPair& leaf);
  std::vector<std::shared_ptr<const MonitoringTarget>> Select(const std::string& ns,
                                                              const Labels& labels) const;
  bool Synced() const;
  std::string NotReady() const;
  void Launch();

  OperatorOptions options;
  Registry registry;
  KubeConfig kube;
  std::unique_ptr<HttpTransport> transport;
  std::unique_ptr<Api> api;
  Caches caches;
  Published<std::string> document;
  Published<Plan> plan;
  Published<PrometheusView> view;

  std::unique_ptr<Planner> planner;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<PrometheusPoller> poller;
  std::unique_ptr<WebhookAuthority> authority;
  std::unique_ptr<Watched<MonitoringTarget>> targets;
  std::unique_ptr<Watched<Pod>> pods;
  std::unique_ptr<Watched<Namespace>> namespaces;
  std::unique_ptr<Watched<ConfigMap>> config_maps;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<HttpServer> webhook;  // made by the authority's thread with its first leaf
  std::atomic<bool> webhook_ready{false};
  std::atomic<bool> stopping{false};
  std::vector<std::jthread> threads;
};

Status App::Impl::Connect() {
  auto config = options.kubeconfig.empty() ? InClusterConfig() : LoadKubeConfig(options.kubeconfig);
  if (!config) return config.error();
  kube = *config;
  if (options.ns.empty()) options.ns = kube.ns;
  const std::string trusted =
      options.trusted_namespaces.empty() ? options.ns : options.trusted_namespaces;
  for (std::string_view name : Split(trusted, ',')) {
    if (!Trim(name).empty()) caches.trusted_namespaces.emplace(Trim(name));
  }
  auto made = MakeCpprestTransport(kube);
  if (!made) return made.error();
  transport = std::move(*made);
  api = std::make_unique<Api>(*transport);
  return {};
}

void App::Impl::MakeReflectors() {
  auto changed = [this] { planner->Changed(); };
  targets = std::make_unique<Watched<MonitoringTarget>>(
      ReflectorOptions{"monitoringtargets", std::string(kTargets), ""}, caches.targets,
      DecodeMonitoringTarget, changed, *transport, registry);
  pods = std::make_unique<Watched<Pod>>(ReflectorOptions{"pods", "/api/v1/pods", ""}, caches.pods,
                                        DecodePod, changed, *transport, registry);
  namespaces = std::make_unique<Watched<Namespace>>(
      ReflectorOptions{"namespaces", "/api/v1/namespaces", ""}, caches.namespaces, DecodeNamespace,
      changed, *transport, registry);
  config_maps = std::make_unique<Watched<ConfigMap>>(
      ReflectorOptions{"configmaps", "/api/v1/configmaps",
                       "fieldSelector=metadata.name%3Dtelltale-sidecar"},
      caches.config_maps, DecodeConfigMap, changed, *transport, registry);
}

Status App::Impl::MakeParts() {
  AddProcessMetrics(registry, "telltale-operator", TELLTALE_VERSION);
  planner = std::make_unique<Planner>(
      caches, [this] { return Synced(); }, document, plan, [this] { writer->Fire(); }, registry);
  writer = std::make_unique<Writer>(WriterOptions{options.ns, options.loki_url, options.promtail},
                                    *api, caches, plan, view, registry);
  if (!options.prometheus_url.empty()) {
    auto url = ParseUrl(options.prometheus_url);
    if (!url) return Context("--prometheus-url", url.error());
    poller = std::make_unique<PrometheusPoller>(*url, view, [this] { writer->Fire(); }, registry);
  }
  MakeReflectors();
  HttpServerOptions listen;
  listen.listen = options.http_listen;
  http = std::make_unique<HttpServer>(
      listen, OperatorHandler(document, [this] { return NotReady(); }, registry));
  if (options.webhook_listen != "off") {
    authority = std::make_unique<WebhookAuthority>(
        AuthorityOptions{options.ns, options.service_name, options.webhook_configuration}, *api,
        [this](const KeyPair& leaf) { return UseLeaf(leaf); }, registry);
  }
  return {};
}

Status App::Impl::UseLeaf(const KeyPair& leaf) {
  if (webhook) return webhook->SetKeyPair(leaf);
  HttpServerOptions listen;
  listen.listen = options.webhook_listen;
  listen.max_body = kMaxAdmissionReview;
  listen.tls = leaf;
  auto server = std::make_unique<HttpServer>(
      listen,
      WebhookHandler(
          {options.sidecar_image, options.sidecar_pull_policy},
          [this](const std::string& ns, const Labels& labels) { return Select(ns, labels); },
          registry));
  TELLTALE_TRY(server->Start());
  LogInfo("the injection webhook is serving", {{"port", server->port()}});
  webhook = std::move(server);
  webhook_ready = true;
  return {};
}

std::vector<std::shared_ptr<const MonitoringTarget>> App::Impl::Select(const std::string& ns,
                                                                       const Labels& labels) const {
  std::vector<std::shared_ptr<const MonitoringTarget>> selected;
  const auto found = caches.namespaces.Get(ns);
  const Labels ns_labels = found ? found->meta.labels : Labels();
  for (auto& target : caches.targets.List()) {
    if (target->WantsSidecar() &&
        TargetSelects(*target, ns, labels, ns_labels, caches.trusted_namespaces)) {
      selected.push_back(std::move(target));
    }
  }
  return selected;
}

bool App::Impl::Synced() const {
  return targets->reflector.synced() && pods->reflector.synced() &&
         namespaces->reflector.synced() && config_maps->reflector.synced();
}

std::string App::Impl::NotReady() const {
  if (stopping) return "shutting down";
  if (!document.Get()) return "the caches are not synced yet";
  if (authority && !webhook_ready) return "the injection webhook has no certificate yet";
  return "";
}

void App::Impl::Launch() {
  threads.emplace_back([this] { planner->Run(); });
  threads.emplace_back([this] { writer->Run(); });
  if (poller) threads.emplace_back([this] { poller->Run(); });
  if (authority) threads.emplace_back([this] { authority->Run(); });
  threads.emplace_back([this] { targets->reflector.Run(); });
  threads.emplace_back([this] { pods->reflector.Run(); });
  threads.emplace_back([this] { namespaces->reflector.Run(); });
  threads.emplace_back([this] { config_maps->reflector.Run(); });
}

App::App(OperatorOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
App::~App() { Stop(); }

Status App::Start() {
  TELLTALE_TRY(impl_->Connect());
  TELLTALE_TRY(impl_->MakeParts());
  TELLTALE_TRY(impl_->http->Start());
  impl_->Launch();
  LogInfo("started", {{"version", TELLTALE_VERSION},
                      {"http_port", impl_->http->port()},
                      {"namespace", impl_->options.ns}});
  return {};
}

void App::Stop() {
  Impl& app = *impl_;
  if (app.stopping.exchange(true) || app.threads.empty()) return;
  app.planner->Stop();
  app.writer->Stop();
  if (app.poller) app.poller->Stop();
  if (app.authority) app.authority->Stop();
  app.targets->reflector.Stop();
  app.pods->reflector.Stop();
  app.namespaces->reflector.Stop();
  app.config_maps->reflector.Stop();
  app.transport->Cancel();
  app.threads.clear();  // joins
  if (app.webhook) app.webhook->Stop();
  app.http->Stop();
}

}  // namespace telltale

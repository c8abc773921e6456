// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/writer.h"

#include "common/base/log.h"
#include "common/text/json_writer.h"
#include "operator/plan/promtail_config.h"
#include "operator/plan/sidecar_config.h"

namespace telltale {
namespace {

constexpr std::string_view kPromtailConfigMap = "telltale-promtail";
// A status carries times that nobody else watches for us, and somebody may have edited the
// Promtail ConfigMap: look again now and then though nothing changed.
constexpr std::chrono::minutes kResync{5};

std::string ConfigMapJson(std::string_view ns, std::string_view name,
                          const std::map<std::string, std::string>& data) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "ConfigMap");
  w.Key("metadata").BeginObject().Field("name", name).Field("namespace", ns);
  w.Key("labels").BeginObject();
  w.Field("app.kubernetes.io/managed-by", kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject().EndObject();
  w.Key("data").BeginObject();
  for (const auto& [key, value] : data) w.Field(key, value);
  w.EndObject().EndObject();
  return json;
}

// The uid is a precondition: a resource that was deleted and made again is not the one we mean.
std::string StatusPatchJson(const ObjectMeta& meta, std::string_view status) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "telltale.dev/v1alpha1").Field("kind", "MonitoringTarget");
  w.Key("metadata").BeginObject();
  w.Field("name", meta.name).Field("namespace", meta.ns).Field("uid", meta.uid).EndObject();
  w.Key("status").Raw(status).EndObject();
  return json;
}

bool NamespaceTakesWrites(const Caches& caches, const std::string& ns) {
  auto found = caches.namespaces.Get(ns);
  return found && !found->meta.deleting;
}

}  // namespace

Writer::Writer(WriterOptions options, Api& api, const Caches& caches, const Published<Plan>& plan,
               const Published<PrometheusView>& view, Registry& registry, Clock& clock)
    : options_(std::move(options)),
      api_(api),
      caches_(caches),
      plan_(plan),
      view_(view),
      clock_(clock),
      backoff_(std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)),
      registry_(registry) {}

void Writer::Run() {
  std::chrono::milliseconds wait = kResync;
  while (trigger_.Wait(wait)) {
    if (wait == kResync) promtail_written_.clear();
    if (WriteOnce()) {
      backoff_.Reset();
      wait = kResync;
    } else {
      wait = backoff_.Next();
    }
  }
}

bool Writer::WriteOnce() {
  const auto plan = plan_.Get();
  if (!plan) return true;
  const auto view = view_.Get();
  const PrometheusView unknown;
  bool ok = WriteSidecarConfigs(*plan);
  ok &= WritePromtailConfig(*plan);
  ok &= WriteStatuses(*plan, view ? *view : unknown);
  return ok;
}

bool Writer::Report(std::string_view kind, std::string_view name, const Status& status) {
  registry_
      .AddCounter("telltale_writes_total", "Writes to the Kubernetes API by kind and result.",
                  {{"kind", std::string(kind)}, {"result", status.ok() ? "success" : "error"}})
      .Add();
  if (!status.ok()) {
    LogWarn("a write to the Kubernetes API failed and will be tried again",
            {{"kind", kind}, {"object", name}, {"error", status.error().message}});
  }
  return status.ok();
}

bool Writer::WriteSidecarConfigs(const Plan& plan) {
  const auto wanted = PlanSidecarConfigs(plan.world, {options_.loki_url});
  const std::string name(kSidecarConfigMap);
  bool ok = true;
  for (const auto& [ns, data] : wanted) {
    const auto held = caches_.config_maps.Get(ns + "/" + name);
    if (held && held->data == data) continue;
    if (!NamespaceTakesWrites(caches_, ns)) continue;
    ok &= Report("sidecar-config", ns,
                 api_.Apply(ConfigMapPath(ns, name), ConfigMapJson(ns, name, data)));
  }
  for (const auto& held : caches_.config_maps.List()) {
    if (held->meta.name != name || wanted.contains(held->meta.ns)) continue;
    ok &= Report("sidecar-config", held->meta.ns, api_.Delete(ConfigMapPath(held->meta.ns, name)));
  }
  return ok;
}

bool Writer::WritePromtailConfig(const Plan& plan) {
  if (!options_.promtail) return true;
  const std::string yaml = RenderPromtailConfig(plan.world, {options_.loki_url});
  const std::string hash = HashHex(yaml);
  if (hash == promtail_written_) return true;
  const bool ok = Report("promtail-config", kPromtailConfigMap,
                         api_.Apply(ConfigMapPath(options_.own_namespace, kPromtailConfigMap),
                                    ConfigMapJson(options_.own_namespace, kPromtailConfigMap,
                                                  {{"promtail.yaml", yaml}})));
  if (ok) promtail_written_ = hash;
  return ok;
}

bool Writer::WriteStatuses(const Plan& plan, const PrometheusView& view) {
  bool ok = true;
  for (const auto& matched : plan.matched) {
    const MonitoringTarget& target = *matched.target;
    if (target.meta.deleting) continue;
    const std::string status = RenderTargetStatus(
        {matched, plan.scrapes, view, plan.world.trusted_namespaces, clock_.WallNanos()});
    if (!StatusDiffers(target.status_json, status)) continue;
    Status written = api_.Apply(TargetStatusPath(target.meta.ns, target.meta.name),
                                StatusPatchJson(target.meta, status));
    // Deleted, or made again, since the plan: the next plan knows.
    if (!written.ok() &&
        (written.error().code == Code::kNotFound || written.error().code == Code::kConflict)) {
      continue;
    }
    ok &= Report("status", target.meta.Key(), written);
  }
  return ok;
}

}  // namespace telltale

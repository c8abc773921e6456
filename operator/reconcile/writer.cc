// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/writer.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/text/json_writer.h"
#include "operator/plan/configs/promtail_config.h"
#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

constexpr std::string_view kPromtailConfigMap = "telltale-promtail";
constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
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
  w.Field(kManagedBy, kFieldManager);
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

// A ConfigMap of this name that somebody else made is not ours to delete.
bool IsOurs(const ConfigMap& held) {
  const std::string* manager = FindLabel(held.meta.labels, kManagedBy);
  return held.meta.name == kSidecarConfigMap && manager != nullptr && *manager == kFieldManager;
}

// True when `held` has what it should, and no key of ours beside it. Server-side apply leaves keys
// of other people alone, so that waiting for them to go would never end.
bool HoldsJust(const ConfigMap* held, const std::map<std::string, std::string>& data) {
  if (held == nullptr) return false;
  for (const auto& [key, value] : held->data) {
    if (key.ends_with(".json") && !data.contains(key)) return false;
  }
  return std::all_of(data.begin(), data.end(), [&](const auto& entry) {
    auto found = held->data.find(entry.first);
    return found != held->data.end() && found->second == entry.second;
  });
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
      gate_(clock),
      registry_(registry),
      resync_at_(clock.Steady() + kResync) {}

void Writer::Run() {
  while (trigger_.Wait(UntilNextRound())) WriteOnce();
}

std::chrono::milliseconds Writer::UntilNextRound() const {
  const SteadyTime next = std::min(resync_at_, gate_.Next().value_or(resync_at_));
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - clock_.Steady());
  return std::max(wait, std::chrono::milliseconds(0));
}

bool Writer::WriteOnce() {
  const SteadyTime began = clock_.Steady();
  if (began >= resync_at_) {
    promtail_written_.clear();
    resync_at_ = began + kResync;
  }
  const auto plan = plan_.Get();
  if (!plan) return true;
  const auto view = view_.Get();
  const PrometheusView unknown;
  bool ok = WriteSidecarConfigs(*plan);
  ok &= WritePromtailConfig(*plan);
  ok &= WriteStatuses(*plan, view ? *view : unknown);
  gate_.EndRound(began);
  return ok;
}

bool Writer::Report(std::string_view kind, const std::string& object, const Status& status) {
  if (status.ok()) {
    gate_.Succeeded(object);
  } else {
    gate_.Failed(object);
  }
  registry_
      .AddCounter("telltale_writes_total", "Writes to the Kubernetes API by kind and result.",
                  {{"kind", std::string(kind)}, {"result", status.ok() ? "success" : "error"}})
      .Add();
  if (!status.ok()) {
    LogWarn("a write to the Kubernetes API failed and will be tried again",
            {{"kind", kind}, {"object", object}, {"error", status.error().message}});
  }
  return status.ok();
}

bool Writer::WriteSidecarConfigs(const Plan& plan) {
  const auto wanted = PlanSidecarConfigs(plan.world, {options_.loki_url});
  const std::string name(kSidecarConfigMap);
  bool ok = true;
  for (const auto& [ns, data] : wanted) {
    const std::string path = ConfigMapPath(ns, name);
    if (HoldsJust(caches_.config_maps.Get(ns + "/" + name).get(), data) ||
        !NamespaceTakesWrites(caches_, ns) || !gate_.Open(path)) {
      continue;
    }
    ok &= Report("sidecar-config", path, api_.Apply(path, ConfigMapJson(ns, name, data)));
  }
  for (const auto& held : caches_.config_maps.List()) {
    const std::string path = ConfigMapPath(held->meta.ns, name);
    if (!IsOurs(*held) || wanted.contains(held->meta.ns) || !gate_.Open(path)) continue;
    ok &= Report("sidecar-config", path, api_.Delete(path));
  }
  return ok;
}

bool Writer::WritePromtailConfig(const Plan& plan) {
  if (!options_.promtail) return true;
  const std::string yaml = RenderPromtailConfig(plan.world, {options_.loki_url});
  const std::string hash = HashHex(yaml);
  const std::string path = ConfigMapPath(options_.own_namespace, kPromtailConfigMap);
  if (hash == promtail_written_ || !gate_.Open(path)) return true;
  const bool ok = Report("promtail-config", path,
                         api_.Apply(path, ConfigMapJson(options_.own_namespace, kPromtailConfigMap,
                                                        {{"promtail.yaml", yaml}})));
  if (ok) promtail_written_ = hash;
  return ok;
}

bool Writer::WriteStatuses(const Plan& plan, const PrometheusView& view) {
  bool ok = true;
  for (const auto& matched : plan.matched) {
    const MonitoringTarget& target = *matched.target;
    const std::string path = TargetStatusPath(target.meta.ns, target.meta.name);
    if (target.meta.deleting || !gate_.Open(path)) continue;
    const std::string status = RenderTargetStatus(
        {matched, plan.scrapes, view, plan.world.trusted_namespaces, clock_.WallNanos()});
    if (!StatusDiffers(target.status_json, status)) continue;
    Status written = api_.Apply(path, StatusPatchJson(target.meta, status));
    // Deleted, or made again, since the plan: the next plan knows.
    if (!written.ok() &&
        (written.error().code == Code::kNotFound || written.error().code == Code::kConflict)) {
      continue;
    }
    ok &= Report("status", path, written);
  }
  return ok;
}

}  // namespace telltale

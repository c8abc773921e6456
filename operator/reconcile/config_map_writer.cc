// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/config_map_writer.h"

#include <algorithm>
#include <utility>

#include "common/text/json_writer.h"
#include "operator/plan/configs/config_budget.h"

namespace telltale {
namespace {

constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
constexpr std::chrono::seconds kTerminating{5};
// Between two writes of one, so that two who disagree about it cannot make a storm.
constexpr std::chrono::milliseconds kBetween{500};
constexpr std::uint64_t kDeleted = 0;

std::string ConfigMapJson(std::string_view ns, std::string_view name, const ConfigMapData& data,
                          const std::string& owner) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "ConfigMap");
  w.Key("metadata").BeginObject().Field("name", name).Field("namespace", ns);
  w.Key("labels").BeginObject();
  w.Field(kManagedBy, kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject();
  if (!owner.empty()) w.Key("ownerReferences").BeginArray().Raw(owner).EndArray();
  w.EndObject();
  w.Key("data").BeginObject();
  for (const auto& [key, value] : data) w.Field(key, value);
  w.EndObject().EndObject();
  return json;
}

// What the admission plugin NamespaceLifecycle answers (403) in a namespace that is going away, and
// what is answered (404) once it is gone. The watch brings the same news.
bool NamespaceGoes(const Error& error) {
  if (error.code == Code::kNotFound) return true;
  return error.code == Code::kPermission &&
         error.message.find("is being terminated") != std::string::npos;
}

std::uint64_t Content(const ConfigMapData& data) {
  std::uint64_t sum = 1;
  for (const auto& [key, value] : data) sum = sum * 31 + Hash64(key) * 7 + Hash64(value);
  return sum;
}

std::string VersionOf(const ConfigMap* held) { return held ? held->meta.resource_version : ""; }

}  // namespace

bool HoldsJust(const ConfigMap* held, const ConfigMapData& data, std::string_view owned_suffix) {
  if (held == nullptr) return false;
  for (const auto& [key, value] : held->data) {
    if (key.ends_with(owned_suffix) && !data.contains(key)) return false;
  }
  return std::all_of(data.begin(), data.end(), [&](const auto& entry) {
    const auto found = held->data.find(entry.first);
    return found != held->data.end() && found->second == entry.second;
  });
}

bool IsOurs(const ConfigMap& held) {
  const std::string* manager = FindLabel(held.meta.labels, kManagedBy);
  return manager != nullptr && *manager == kFieldManager;
}

ConfigMapWriter::ConfigMapWriter(std::string name, std::string owned_suffix, std::string_view kind,
                                 const ConfigMapCache& held, Api& api, Registry& registry,
                                 Clock& clock, std::function<std::string()> owner)
    : name_(std::move(name)),
      owned_suffix_(std::move(owned_suffix)),
      held_(held),
      api_(api),
      writes_(registry, kind),
      clock_(clock),
      own_writes_(clock),
      owner_(std::move(owner)) {}

bool ConfigMapWriter::Holds(const std::string& ns, const ConfigMapData& data) const {
  const auto held = held_.Get(ns);
  return HoldsJust(held.get(), data, owned_suffix_);
}

std::size_t ConfigMapWriter::Budget(const std::string& ns) const {
  const auto held = held_.Get(ns);
  std::size_t foreign = held ? held->binary_bytes : 0;
  if (held) {
    for (const auto& [key, value] : held->data) {
      if (!key.ends_with(owned_suffix_)) foreign += value.size();
    }
  }
  return kConfigMapBudget - std::min(kConfigMapBudget, foreign);
}

ReconcileResult ConfigMapWriter::Ensure(const std::string& ns, const ConfigMapData& data) {
  const auto held = held_.Get(ns);
  if (HoldsJust(held.get(), data, owned_suffix_)) return {};
  const std::string version = VersionOf(held.get());
  const std::uint64_t content = Content(data);
  if (own_writes_.Unseen(ns, version, content)) return {{}, OwnWrites::kLookAgain};
  if (const auto wait = MustWait(ns); wait.count() > 0) return {{}, wait};
  if (const auto rest = own_writes_.RestAfterRefusal(ns, version); rest.count() > 0)
    return {{}, rest};
  return After(
      ns, version, content,
      api_.Apply(ConfigMapPath(ns, name_), ConfigMapJson(ns, name_, data, owner_ ? owner_() : "")));
}

std::chrono::milliseconds ConfigMapWriter::MustWait(const std::string& ns) const {
  const auto last = own_writes_.LastWrite(ns);
  if (!last) return {};
  return std::chrono::ceil<std::chrono::milliseconds>(*last + kBetween - clock_.Steady());
}

ReconcileResult ConfigMapWriter::EnsureNone(const std::string& ns) {
  const auto held = held_.Get(ns);
  if (!held || !IsOurs(*held)) {
    own_writes_.Forget(ns);
    return {};
  }
  const std::string version = VersionOf(held.get());
  if (own_writes_.Unseen(ns, version, kDeleted)) return {{}, OwnWrites::kLookAgain};
  if (const auto rest = own_writes_.RestAfterRefusal(ns, version); rest.count() > 0)
    return {{}, rest};
  // Only the one that was seen: somebody may have made it anew, or theirs, in between.
  const DeleteOnly only{held->meta.uid, held->meta.resource_version};
  return After(ns, version, kDeleted, api_.Delete(ConfigMapPath(ns, name_), only));
}

ReconcileResult ConfigMapWriter::After(const std::string& ns, const std::string& over_version,
                                       std::uint64_t content, const Status& status) {
  if (!status.ok() && NamespaceGoes(status.error())) return {{}, kTerminating};
  // It is not what the cache says: its event comes, and ends this wait. If none comes, something
  // refuses every write, and is not to be asked each second.
  if (!status.ok() && status.error().code == Code::kConflict) {
    if (own_writes_.Refused(ns, over_version)) writes_.Count(status);
    return {{}, OwnWrites::kRest};
  }
  if (!status.ok() && status.error().code == Code::kCancelled) return {status};
  writes_.Count(status);
  if (status.ok()) own_writes_.Wrote(ns, over_version, content);
  return {status};
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/config_map_cache.h"

#include <set>
#include <utility>

namespace telltale {

Status DecodeConfigMap(JsonValue value, ConfigMap& out) {
  return value.ForEachField([&](std::string_view key, JsonValue field) -> Status {
    if (key == "metadata") return DecodeObjectMeta(field, out.meta);
    if (key == "binaryData") {
      return field.ForEachField([&](std::string_view, JsonValue text) -> Status {
        if (auto content = text.String()) out.binary_bytes += content->size() / 4 * 3;
        return {};
      });
    }
    if (key != "data") return {};
    return field.ForEachField([&](std::string_view name, JsonValue text) -> Status {
      std::string copy(name);
      if (auto content = text.String()) out.data[std::move(copy)] = *content;
      return {};
    });
  });
}

void ConfigMapCache::OnChange(std::function<void(const std::string& ns)> changed) {
  changed_ = std::move(changed);
}

ConfigMapCache::Ptr ConfigMapCache::Get(const std::string& ns) const {
  MutexLock lock(mutex_);
  const auto found = held_.find(ns);
  return found == held_.end() ? nullptr : found->second;
}

std::vector<ConfigMapCache::Ptr> ConfigMapCache::List() const {
  MutexLock lock(mutex_);
  std::vector<Ptr> all;
  all.reserve(held_.size());
  for (const auto& [ns, held] : held_) all.push_back(held);
  return all;
}

void ConfigMapCache::ReplaceBegin() {
  incoming_.clear();
  replacing_ = true;
}

void ConfigMapCache::ReplaceEnd() {
  std::set<std::string> namespaces;
  for (const auto& [ns, held] : incoming_) namespaces.insert(ns);
  {
    MutexLock lock(mutex_);
    for (const auto& [ns, held] : held_) namespaces.insert(ns);
    held_ = std::move(incoming_);
  }
  incoming_.clear();
  replacing_ = false;
  if (!changed_) return;
  for (const auto& ns : namespaces) changed_(ns);
}

void ConfigMapCache::ReplaceAbort() {
  incoming_.clear();
  replacing_ = false;
}

void ConfigMapCache::Put(Ptr held) {
  const std::string ns = held->meta.ns;
  if (replacing_) {
    incoming_[ns] = std::move(held);
    return;
  }
  {
    MutexLock lock(mutex_);
    held_[ns] = std::move(held);
  }
  if (changed_) changed_(ns);
}

void ConfigMapCache::Erase(const std::string& ns) {
  if (replacing_) {
    incoming_.erase(ns);
    return;
  }
  {
    MutexLock lock(mutex_);
    held_.erase(ns);
  }
  if (changed_) changed_(ns);
}

// What does not decode is not kept as it once was: the reconciler then writes it anew.
Status ConfigMapCache::Changed(JsonValue object, std::string& resource_version) {
  auto decoded = std::make_shared<ConfigMap>();
  const Status status = DecodeConfigMap(object, *decoded);
  resource_version = decoded->meta.resource_version;
  const std::string ns = decoded->meta.ns;
  if (status.ok()) {
    Put(std::move(decoded));
  } else if (!ns.empty()) {
    Erase(ns);
  }
  return status;
}

// Only the namespace is needed, so that what could not be read can still go.
Status ConfigMapCache::Deleted(JsonValue object, std::string& resource_version) {
  ConfigMap decoded;
  const Status status = DecodeConfigMap(object, decoded);
  resource_version = decoded.meta.resource_version;
  if (decoded.meta.ns.empty()) return status;
  Erase(decoded.meta.ns);
  return {};
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/base/log.h"
#include "common/base/strings.h"
#include "operator/store/index_sinks.h"

namespace telltale {
namespace {

// What differs between the two kinds.
Status Decode(JsonValue value, MonitoringTarget& out) { return DecodeMonitoringTarget(value, out); }
Status Decode(JsonValue value, Namespace& out) { return DecodeNamespace(value, out); }

// A target whose type can say what is wrong with it stands there with that.
bool Storable(const MonitoringTarget& target, const Status&) { return !target.meta.name.empty(); }
bool Storable(const Namespace&, const Status& status) { return status.ok(); }

bool Put(ClusterState& state, std::shared_ptr<const MonitoringTarget> target) {
  return state.PutTarget(std::move(target));
}
bool Put(ClusterState& state, std::shared_ptr<const Namespace> ns) {
  return state.PutNamespace(std::move(ns));
}

template <class T>
bool Remove(ClusterState& state, const std::string& key) {
  if constexpr (std::is_same_v<T, MonitoringTarget>) return state.RemoveTarget(key);
  return state.RemoveNamespace(key);
}

template <class T>
std::vector<std::string> Keys(const ClusterState& state) {
  std::vector<std::string> keys;
  if constexpr (std::is_same_v<T, MonitoringTarget>) {
    for (const auto& [key, entry] : state.targets()) keys.push_back(key);
  } else {
    for (const auto& [key, ns] : state.namespaces()) keys.push_back(key);
  }
  return keys;
}

// One sentence for each mistake, and not one for each event of the resource that has it.
void Complain(const ClusterState& state, const std::string& key, const MonitoringTarget& target) {
  const auto* before = state.FindTarget(key);
  if (before && before->target->invalid == target.invalid) return;
  LogWarn("a MonitoringTarget cannot be used as it is written, as its status says too",
          {{"target", key}, {"error", Join(target.invalid, "; ")}});
}
void Complain(const ClusterState&, const std::string&, const Namespace&) {}

template <class T>
constexpr ClusterIndex::Kind kKind =
    std::is_same_v<T, MonitoringTarget> ? ClusterIndex::Kind::kTarget
                                        : ClusterIndex::Kind::kNamespace;

// By what Put or Remove of the object returned.
template <class T>
ClusterIndex::Change WhichChange(bool dirty) {
  const bool content = dirty || std::is_same_v<T, Namespace>;
  return content ? ClusterIndex::Change::kContent : ClusterIndex::Change::kStatus;
}

}  // namespace

template <class T>
Status ObjectSink<T>::Changed(JsonValue object, std::string& resource_version) {
  auto decoded = std::make_shared<T>();
  const Status status = Decode(object, *decoded);
  resource_version = decoded->meta.resource_version;
  if (decoded->meta.name.empty()) return status;
  if constexpr (std::is_same_v<T, MonitoringTarget>) {
    if (core_.tenants) core_.tenants->Apply(*decoded);
    if (decoded->logs && !core_.cluster.empty()) {
      SetLabel(decoded->logs->labels, "cluster", core_.cluster);
    }
  }
  std::string key = decoded->meta.Key();
  const bool storable = Storable(*decoded, status);
  if (storable && !status.ok()) Complain(core_.UnlockedState(), key, *decoded);
  // What is stored with its mistakes was read.
  const Status read = storable ? Status() : status;
  if (replacing_) {
    if (storable) incoming_[std::move(key)] = std::move(decoded);
    return read;
  }
  const bool dirty = core_.Apply([&](ClusterState& state) {
    return storable ? Put(state, std::move(decoded)) : Remove<T>(state, key);
  });
  core_.TellObject(kKind<T>, key, WhichChange<T>(dirty));
  return read;
}

template <class T>
Status ObjectSink<T>::Deleted(JsonValue object, std::string& resource_version) {
  T decoded;
  const Status status = Decode(object, decoded);
  resource_version = decoded.meta.resource_version;
  if (decoded.meta.name.empty()) return status;
  const std::string key = decoded.meta.Key();
  if (replacing_) {
    incoming_.erase(key);
    return {};
  }
  const bool dirty = core_.Apply([&](ClusterState& state) { return Remove<T>(state, key); });
  core_.TellObject(kKind<T>, key, WhichChange<T>(dirty));
  return {};
}

template <class T>
void ObjectSink<T>::ReplaceBegin() {
  replacing_ = true;
  incoming_.clear();
}

template <class T>
void ObjectSink<T>::ReplaceAbort() {
  replacing_ = false;
  incoming_.clear();
}

template <class T>
void ObjectSink<T>::ReplaceEnd() {
  struct Told {
    std::string key;
    bool dirty = true;
  };
  std::vector<Told> told;
  for (auto& key : Keys<T>(core_.UnlockedState())) {
    if (!incoming_.contains(key)) told.push_back({std::move(key)});
  }
  const std::size_t gone = told.size();
  const auto present = std::exchange(incoming_, {});
  told.reserve(gone + present.size());
  replacing_ = false;
  core_.Apply([&](ClusterState& state) {
    for (std::size_t i = 0; i < gone; ++i) Remove<T>(state, told[i].key);
    for (const auto& [key, object] : present) told.push_back({key, Put(state, object)});
    state.Replaced();
    return true;
  });
  synced_ = true;
  for (const auto& [key, dirty] : told) core_.TellObject(kKind<T>, key, WhichChange<T>(dirty));
}

template class ObjectSink<MonitoringTarget>;
template class ObjectSink<Namespace>;

}  // namespace telltale

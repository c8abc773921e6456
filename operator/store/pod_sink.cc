// SPDX-License-Identifier: Apache-2.0
#include "operator/store/index_sinks.h"

namespace telltale {

void PodSink::Keep(PodRef pod) {
  if (!replacing_) {
    core_.Apply([&](ClusterState& state) { return state.PutPod(std::move(pod)); });
  } else if (const PodRecord* twice = incoming_.FindPod(pod->ns(), pod->name())) {
    incoming_.Exchange(twice, std::move(pod));
  } else {
    incoming_.Insert(std::move(pod));
  }
}

void PodSink::Drop(std::string_view ns, std::string_view name) {
  if (!replacing_) {
    core_.Apply([&](ClusterState& state) { return state.RemovePod(ns, name); });
  } else if (const PodRecord* held = incoming_.FindPod(ns, name)) {
    incoming_.Erase(held);
  }
}

// What does not decode is not kept as it once was, whatever that is worth now.
Status PodSink::Changed(JsonValue object, std::string& resource_version) {
  const Status status = decoder_.Decode(object, pod_);
  resource_version = pod_.meta.resource_version;
  if (pod_.meta.name.empty()) return status;
  if (!status.ok()) {
    Drop(pod_.meta.ns, pod_.meta.name);
    return status;
  }
  const PodRecord* live = core_.UnlockedState().FindPod(pod_.meta.ns, pod_.meta.name);
  const bool same = live && live->Same(pod_);
  if (same && !replacing_) return {};
  Keep(same ? PodRef(live) : PodRecord::Make(pod_, interner_));
  return {};
}

// Only the name is needed, so that what could not be read can still go.
Status PodSink::Deleted(JsonValue object, std::string& resource_version) {
  pod_.meta.Clear();
  const Status status = object.ForEachField([&](std::string_view key, JsonValue member) -> Status {
    return key == "metadata" ? DecodeObjectMeta(member, pod_.meta) : Status();
  });
  resource_version = pod_.meta.resource_version;
  if (pod_.meta.name.empty()) return status;
  Drop(pod_.meta.ns, pod_.meta.name);
  return {};
}

void PodSink::ReplaceBegin() {
  replacing_ = true;
  incoming_.Clear();
}

void PodSink::ReplaceAbort() {
  replacing_ = false;
  incoming_.Clear();
}

// The difference is found without the lock, so that a new list of a cluster that stood still holds
// nobody up.
void PodSink::ReplaceEnd() {
  std::vector<PodRef> gone, changed;
  core_.UnlockedState().ForEachPod([&](const PodRef& pod) {
    if (!incoming_.FindPod(pod->ns(), pod->name())) gone.push_back(pod);
  });
  incoming_.ForEach([&](const PodRef& pod) {
    if (core_.UnlockedState().FindPod(pod->ns(), pod->name()) != pod.get()) changed.push_back(pod);
  });
  const std::size_t pods = incoming_.size() + gone.size();
  ReplaceAbort();
  core_.Apply([&](ClusterState& state) {
    state.Reserve(pods);
    for (const auto& pod : gone) state.RemovePod(pod->ns(), pod->name());
    for (auto& pod : changed) state.PutPod(std::move(pod));
    state.Replaced();
    return true;
  });
  synced_ = true;
}

}  // namespace telltale

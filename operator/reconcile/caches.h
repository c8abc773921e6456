// SPDX-License-Identifier: Apache-2.0
//
// Everything the operator knows of the cluster. Filled by the reflectors that operator/app starts,
// read by the planner. Thread-safe by its stores.
#pragma once

#include <map>
#include <set>
#include <string>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"
#include "operator/plan/matching.h"
#include "operator/store/object_store.h"

namespace telltale {

// A ConfigMap that the operator wrote, as the API has it now.
struct ConfigMap {
  ObjectMeta meta;
  std::map<std::string, std::string> data;
};

Status DecodeConfigMap(JsonValue value, ConfigMap& out);

struct Caches {
  ObjectStore<MonitoringTarget> targets;
  ObjectStore<Pod> pods;
  ObjectStore<Namespace> namespaces;
  ObjectStore<ConfigMap> config_maps;        // only those named telltale-sidecar
  std::set<std::string> trusted_namespaces;  // constant after construction

  World Snapshot() const {
    return {targets.List(), pods.List(), namespaces.List(), trusted_namespaces};
  }
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// One source of metrics. A collector reads (IO, below injected roots), parses (a pure function,
// tested on fixtures) and sets its series; it measures nothing about itself, the runner does.
// To add one: a file with its class, one line in registry.cc, its key in the configuration.
//
// Threads: made, called and destroyed by the main loop. Collect must return within seconds
// whatever the system does; a collector that ends takes its series with it.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "sidecar/config/collectors_config.h"

namespace telltale {

class Textfiles;

// Where collectors find the system; other folders in tests and, later, on a node.
struct CollectorRoots {
  std::string proc = "/proc";
  std::string rootfs;  // in front of every mount point
  // Where the families of files go; null: nowhere.
  std::shared_ptr<Textfiles> textfiles;
};

class Collector {
 public:
  virtual ~Collector() = default;
  // Before the first Collect, and whenever the settings or the time between two cycles change.
  virtual void Configure(const CollectorSettings&, std::chrono::milliseconds) {}
  // An error is logged and makes telltale_collector_success 0; other collectors go on.
  virtual Status Collect() = 0;
  // Returns when what runs beside the cycles has been done once.
  virtual void AwaitFirst() {}
};

struct CollectorEntry {
  std::string_view name;  // the key in the configuration and the label `collector`
  std::unique_ptr<Collector> (*make)(Registry&, const CollectorRoots&);
};

// The table of registry.cc, by name.
std::span<const CollectorEntry> AllCollectors();

std::unique_ptr<Collector> MakeProcessCollector(Registry& registry, const CollectorRoots& roots);
std::unique_ptr<Collector> MakeNetworkCollector(Registry& registry, const CollectorRoots& roots);
std::unique_ptr<Collector> MakeHttpCollector(Registry& registry, const CollectorRoots& roots);
std::unique_ptr<Collector> MakeTextfileCollector(Registry& registry, const CollectorRoots& roots);
std::unique_ptr<Collector> MakeFilesystemCollector(Registry& registry, const CollectorRoots& roots);

}  // namespace telltale

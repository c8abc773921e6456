// SPDX-License-Identifier: Apache-2.0
//
// network: the interfaces of the pod's network namespace, which all its containers share. Names and
// labels are node_exporter's.
#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/parse.h"
#include "sidecar/collect/skipped.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;

class NetworkCollector : public Collector {
 public:
  NetworkCollector(Registry& registry, const CollectorRoots& roots)
      : path_(roots.proc + "/self/net/dev"),  // /proc/net is not there with subset=pid
        skipped_(registry, "network", {"limit"}),
        table_(registry,
               {{"node_network_receive_bytes_total", "Bytes received.", Column::kCounter},
                {"node_network_receive_packets_total", "Packets received.", Column::kCounter},
                {"node_network_receive_errs_total", "Packets received that were bad.",
                 Column::kCounter},
                {"node_network_receive_drop_total",
                 "Packets received that were dropped for want of room.", Column::kCounter},
                {"node_network_transmit_bytes_total", "Bytes sent.", Column::kCounter},
                {"node_network_transmit_packets_total", "Packets sent.", Column::kCounter},
                {"node_network_transmit_errs_total", "Packets that could not be sent.",
                 Column::kCounter},
                {"node_network_transmit_drop_total",
                 "Packets to send that were dropped for want of room.", Column::kCounter}}) {}

  Status Collect() override {
    auto text = ReadFile(path_);
    if (!text.ok()) return text.error();
    auto devices = ParseNetDev(*text);
    if (!devices.ok()) return devices.error();
    skipped_.Begin();
    table_.Begin();
    for (const NetworkDevice& d : *devices) {
      const bool fits =
          table_.Set({{"device", LabelText(d.name)}},
                     {d.receive.bytes, d.receive.packets, d.receive.errors, d.receive.drops,
                      d.transmit.bytes, d.transmit.packets, d.transmit.errors, d.transmit.drops});
      if (!fits) skipped_.Add("limit", d.name);
    }
    table_.End();
    skipped_.End();
    return {};
  }

 private:
  const std::string path_;
  Skipped skipped_;
  SeriesTable table_;
};

}  // namespace

std::unique_ptr<Collector> MakeNetworkCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<NetworkCollector>(registry, roots);
}

}  // namespace telltale

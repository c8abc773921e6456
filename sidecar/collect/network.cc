// SPDX-License-Identifier: Apache-2.0
//
// network: the interfaces of the pod's network namespace, which all its containers share.
#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/parse.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;

class NetworkCollector : public Collector {
 public:
  NetworkCollector(Registry& registry, const CollectorRoots& roots)
      : path_(roots.proc + "/net/dev"),
        table_(registry,
               {{"telltale_network_receive_bytes_total", "Bytes received.", Column::kCounter},
                {"telltale_network_receive_packets_total", "Packets received.", Column::kCounter},
                {"telltale_network_receive_errors_total", "Packets received that were bad.",
                 Column::kCounter},
                {"telltale_network_receive_drops_total",
                 "Packets received that were dropped for want of room.", Column::kCounter},
                {"telltale_network_transmit_bytes_total", "Bytes sent.", Column::kCounter},
                {"telltale_network_transmit_packets_total", "Packets sent.", Column::kCounter},
                {"telltale_network_transmit_errors_total", "Packets that could not be sent.",
                 Column::kCounter},
                {"telltale_network_transmit_drops_total",
                 "Packets to send that were dropped for want of room.", Column::kCounter}}) {}

  Status Collect() override {
    auto text = ReadFile(path_);
    if (!text.ok()) return text.error();
    auto devices = ParseNetDev(*text);
    if (!devices.ok()) return devices.error();
    table_.Begin();
    for (const NetworkDevice& d : *devices) {
      std::string name;
      AppendValidUtf8(d.name, name);
      table_.Set({{"device", name}},
                 {d.receive.bytes, d.receive.packets, d.receive.errors, d.receive.drops,
                  d.transmit.bytes, d.transmit.packets, d.transmit.errors, d.transmit.drops});
    }
    table_.End();
    return {};
  }

 private:
  const std::string path_;
  SeriesTable table_;
};

}  // namespace

std::unique_ptr<Collector> MakeNetworkCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<NetworkCollector>(registry, roots);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// network: the interfaces and TCP connections of the pod's network namespace, which all its
// containers share. Names and labels are node_exporter's (collectors netdev, netstat and tcpstat).
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <string>

#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/name_filter.h"
#include "sidecar/collect/net_stat.h"
#include "sidecar/collect/parse.h"
#include "sidecar/collect/skipped.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;

class NetworkCollector : public Collector {
 public:
  NetworkCollector(Registry& registry, const CollectorRoots& roots)
      // Not /proc/net, which is not there with the mount option subset=pid.
      : folder_(roots.proc + "/self/net/"),
        registry_(registry),
        skipped_(registry, "network", {"limit"}),
        devices_(registry,
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
                   "Packets to send that were dropped for want of room.", Column::kCounter}}),
        states_(registry,
                {{"node_tcp_connection_states", "TCP connections, by state.", Column::kGauge}}) {}

  ~NetworkCollector() override {
    for (const auto& [name, gauge] : netstat_) registry_.Remove(name, {});
  }

  void Configure(const CollectorSettings& settings, std::chrono::milliseconds) override {
    filter_ = settings.network;
  }

  Status Collect() override {
    TELLTALE_TRY(CollectDevices());
    TELLTALE_TRY(CollectNetstat());
    return CollectStates();
  }

 private:
  Status CollectDevices();
  Status CollectNetstat();
  Status CollectStates();
  Status ReadStates(const std::string& path, TcpStateCounter& counter);
  void Show(std::string_view name, std::string_view help);

  const std::string folder_;
  Registry& registry_;
  NameFilter filter_;
  Skipped skipped_;
  SeriesTable devices_, states_;
  std::map<std::string, std::int64_t> fields_;  // of this cycle
  std::map<std::string_view, Gauge*> netstat_;  // by name, a literal
};

Status NetworkCollector::CollectDevices() {
  auto text = ReadFile(folder_ + "dev");
  if (!text.ok()) return text.error();
  auto devices = ParseNetDev(*text);
  if (!devices.ok()) return devices.error();
  skipped_.Begin();
  devices_.Begin();
  for (const NetworkDevice& d : *devices) {
    if (!Keeps(filter_, d.name)) continue;
    const bool fits =
        devices_.Set({{"device", LabelText(d.name)}},
                     {d.receive.bytes, d.receive.packets, d.receive.errors, d.receive.drops,
                      d.transmit.bytes, d.transmit.packets, d.transmit.errors, d.transmit.drops});
    if (!fits) skipped_.Add("limit", d.name);
  }
  devices_.End();
  skipped_.End();
  return {};
}

// A field that this kernel does not have has no series.
void NetworkCollector::Show(std::string_view name, std::string_view help) {
  constexpr std::string_view kPrefix = "node_netstat_";
  const auto field = fields_.find(std::string(name.substr(kPrefix.size())));
  if (field == fields_.end()) return;
  Gauge*& gauge = netstat_[name];
  if (gauge == nullptr) gauge = &registry_.AddUntyped(name, help);
  gauge->Set(static_cast<double>(field->second));
}

Status NetworkCollector::CollectNetstat() {
  fields_.clear();
  for (const char* file : {"snmp", "netstat"}) {
    const auto text = ReadFile(folder_ + file);
    if (!text.ok() && text.error().code == Code::kNotFound) continue;
    if (!text.ok()) return text.error();
    auto fields = ParseNetstat(*text);
    if (!fields.ok()) return fields.error();
    fields_.merge(*fields);
  }
  Show("node_netstat_Tcp_ActiveOpens", "TCP connections opened.");
  Show("node_netstat_Tcp_PassiveOpens", "TCP connections accepted.");
  Show("node_netstat_Tcp_CurrEstab", "TCP connections that are established.");
  Show("node_netstat_Tcp_InSegs", "TCP segments received.");
  Show("node_netstat_Tcp_InErrs", "TCP segments received that were bad.");
  Show("node_netstat_Tcp_OutSegs", "TCP segments sent, without those sent again.");
  Show("node_netstat_Tcp_OutRsts", "TCP resets sent.");
  Show("node_netstat_Tcp_RetransSegs", "TCP segments sent again.");
  Show("node_netstat_TcpExt_ListenDrops",
       "TCP connections that a listening socket dropped, for any reason.");
  Show("node_netstat_TcpExt_ListenOverflows",
       "TCP connections that were dropped because the queue of a listening socket was full.");
  Show("node_netstat_TcpExt_TCPSynRetrans", "SYN segments sent again.");
  Show("node_netstat_TcpExt_TCPTimeouts", "Times that TCP waited in vain for an answer.");
  Show("node_netstat_Udp_InDatagrams", "UDP datagrams received.");
  Show("node_netstat_Udp_OutDatagrams", "UDP datagrams sent.");
  Show("node_netstat_Udp_InErrors", "UDP datagrams received that were bad or had no room.");
  Show("node_netstat_Udp_NoPorts", "UDP datagrams received for a port that nobody listens on.");
  Show("node_netstat_Udp_RcvbufErrors", "UDP datagrams received that had no room.");
  Show("node_netstat_Udp_SndbufErrors", "UDP datagrams to send that had no room.");
  return {};
}

Status NetworkCollector::ReadStates(const std::string& path, TcpStateCounter& counter) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return {};  // no IPv6
  if (!fd) return ErrnoError("opening " + path, errno);
  std::array<char, 16 << 10> piece;
  for (;;) {
    const ssize_t size = ::read(fd.get(), piece.data(), piece.size());
    if (size < 0) return ErrnoError("reading " + path, errno);
    if (size == 0) break;
    counter.Add({piece.data(), static_cast<std::size_t>(size)});
  }
  counter.End();
  return {};
}

Status NetworkCollector::CollectStates() {
  TcpStateCounter counter;
  for (const char* file : {"tcp", "tcp6"}) TELLTALE_TRY(ReadStates(folder_ + file, counter));
  states_.Begin();
  for (std::size_t i = 0; i < counter.states().size(); ++i) {
    const std::string_view name = TcpStateName(i);
    if (!name.empty()) states_.Set({{"state", std::string(name)}}, {counter.states()[i]});
  }
  states_.End();
  return {};
}

}  // namespace

std::unique_ptr<Collector> MakeNetworkCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<NetworkCollector>(registry, roots);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// An API server for load: pods come from the PodTable, rendered as they are sent, in JSON or in
// protobuf for clients that ask for it; everything else is the FakeCluster's. A thread for each
// connection. Pods know: list (whole, or in pages of one snapshot), watch (from a version, or with
// initial events), one namespace's pods, 410 outside of the window, bookmarks every minute, the
// client's timeout. Nobody may change a pod here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "tests/bench/load/connection.h"
#include "tests/bench/load/pod_table.h"
#include "tests/bench/load/templates.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"

namespace telltale::bench {

struct ServerCounters {
  std::atomic<std::uint64_t> lists{0}, watches{0}, gone{0}, events{0}, bytes{0};
  std::atomic<std::uint64_t> open_watches{0}, worst_backlog{0}, writes{0};
  std::atomic<bool> protobuf{false};  // a client was served protobuf
};

class LoadServer {
 public:
  LoadServer(PodTable& table, const Templates& templates, bool protobuf, FakeCluster& cluster);
  ~LoadServer();

  // A plain listener, or a TLS one when both files are named; may be called once for each.
  Result<std::uint16_t> Listen(const std::string& certificate, const std::string& key);
  ServerCounters& counters() { return counters_; }

 private:
  // Which pods a request is about: all, or those of a namespace. The allocator's collectors are one
  // pod that stands in no table.
  struct Filter {
    std::string ns;
    static bool Parse(std::string_view path, Filter& out);
    bool Collectors() const { return ns == "otel"; }
    bool Takes(const PodFill& pod) const {
      return ns.empty() || (!Collectors() && NamespaceName(pod.app) == ns);
    }
  };
  void Serve(Connection& connection);
  bool Handle(Connection& connection, const Request& request);
  bool Other(Connection& connection, const Request& request);
  // pod_requests.cc
  bool ListPods(Connection& connection, const Request& request, const Filter& filter);
  bool WatchPods(Connection& connection, const Request& request, const Filter& filter);
  bool SendInitial(Connection& connection, const Request& request, const Filter& filter,
                   Encoding encoding, std::uint64_t& version);
  bool Follow(Connection& connection, const Request& request, const Filter& filter,
              Encoding encoding, std::uint64_t version);
  Encoding EncodingFor(const Request& request);
  bool Send(Connection& connection, std::string_view bytes);

  PodTable& table_;
  const Templates& templates_;
  const bool protobuf_;
  FakeCluster& cluster_;
  int listener_ = 0;
  ServerCounters counters_;
  std::mutex mutex_;
  std::condition_variable changed_;  // something in the cluster
  std::uint64_t changes_ = 0;
  std::map<std::string, std::shared_ptr<const PodSnapshot>> pages_;  // by continue token's start
  std::uint64_t next_page_ = 1;
};

}  // namespace telltale::bench

// SPDX-License-Identifier: Apache-2.0
//
// FakeApiServer: a FakeCluster behind HTTP/1.1 on 127.0.0.1, over TLS or plain, for our client and
// for Go's. It misbehaves on demand: the hook is asked once for each request and says what goes
// wrong with it. Without one it is fast enough to be no part of what is measured.
//
// Threads: one of its own runs all connections and calls the hook, which must not block; everything
// else may be called from any thread. Nothing is remembered from one connection to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/net/tls/tls.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"

namespace telltale {

// What a fault hook is told.
struct FakeRequest {
  std::uint64_t number = 0;      // of the request on this server, from 1
  std::uint64_t connection = 0;  // from 1
  std::string method = {}, target = {}, body = {};
  FakeCaller caller = {};
  bool watch = false;
};

// What goes wrong with one request; several things may. By default nothing does.
struct FakeFault {
  // Instead of the cluster's answer, which is not asked: a Status object with this HTTP code.
  int status = 0;
  int retry_after_seconds = 0;  // with a status: its header

  // The connection is closed without an answer: before the cluster saw the request, or after it
  // did (a client that sends it again sends it twice).
  bool cut_before = false;
  bool cut_after = false;

  // The request waits, before the cluster sees it or after, until Release() or until its connection
  // is gone. A request that waits before and whose client is gone is dropped.
  bool hold_before = false;
  bool hold_after = false;

  // Of the body (without head and chunk lines). A cut is in mid-chunk and without a last chunk;
  // with `clean_end` the body ends in good order instead, as a server does at its timeout.
  std::optional<std::size_t> cut_after_bytes = {};
  std::optional<std::size_t> cut_after_events = {};   // of a watch: inserted lines count
  std::optional<std::size_t> stall_after_bytes = {};  // silence from here on, the connection stays
  std::optional<std::size_t> stall_after_events = {};
  bool clean_end = false;
  bool reset = false;                     // a cut is a RST, not a FIN
  std::size_t drip_bytes_per_second = 0;  // 0: as fast as it goes

  // Put into a watch before event number `before_event` (0 is the first); text as it is, so that
  // its newline is part of it or missing on purpose.
  struct Insertion {
    std::size_t before_event = 0;
    std::string text = {};
  };
  std::vector<Insertion> insertions = {};  // by rising before_event
};

// Lines for insertions.
std::string GarbageLine();
std::string HugeLine(std::size_t bytes);  // valid JSON of an ADDED pod with one long annotation
std::string UnknownEventLine();
std::string ErrorEventLine(int code, std::string_view reason, std::string_view message);

struct FakeApiServerOptions {
  std::uint16_t port = 0;           // 0: a free one
  std::optional<KeyPair> tls = {};  // plain HTTP without it; see MakeFakeServerCertificates
};

class FakeApiServer {
 public:
  using Hook = std::function<FakeFault(const FakeRequest&)>;

  // The cluster must outlive the server.
  FakeApiServer(FakeApiServerOptions options, FakeCluster& cluster);
  ~FakeApiServer();  // stops

  Status Start();
  void Stop();
  std::uint16_t port() const;  // after Start; stays when connections are refused
  std::string url() const;     // https://127.0.0.1:PORT or http://...

  void SetHook(Hook hook);  // empty: nothing goes wrong
  // Connections to come are refused (the port is closed) until it is called with false. Those that
  // stand go on; see CutAll.
  void Refuse(bool refuse);
  void CutAll(bool reset = false);  // every connection, at once
  // Lets every held request go on, and says how many there were.
  std::size_t Release();
  std::size_t held() const;
  // Called on the server's thread when a request begins to wait.
  void OnHeld(std::function<void(const FakeRequest&)> listener);

  struct Counters {
    std::uint64_t connections = 0, requests = 0, watch_events = 0, bytes_sent = 0;
    std::size_t open_connections = 0;
  };
  Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An authority and a certificate for 127.0.0.1 and localhost.
struct FakeServerCertificates {
  KeyPair authority, server;
};
Result<FakeServerCertificates> MakeFakeServerCertificates();

// A kubeconfig that leads to a server: `ca_pem` empty for plain HTTP, `token` empty for
// any.
std::string FakeKubeconfig(const std::string& url, const std::string& ca_pem,
                           const std::string& token);

}  // namespace telltale

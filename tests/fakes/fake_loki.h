// SPDX-License-Identifier: Apache-2.0
//
// clang-format off
// A Loki on a port of its own that answers pushes as told, well or badly, and remembers what it was
// sent and what it stored. Raw sockets, since an HTTP server of ours could not misbehave enough.
//
//   FakeLoki loki;                                  // http://127.0.0.1:PORT, takes everything
//   FakeLoki loki({.tls = true});                   // https://localhost:PORT; ca_pem() to trust it
//   FakeLoki loki({.limits = LokiLimits()});        // refuses what Loki 3.7 refuses by default
//   FakeLoki loki({.limits = LokiLimits::Of22()});  // behaves as Loki 2.2.1
//   FakeLoki loki({.delay = 20ms});                 // each answer takes so long
//
//   loki.Script({{.status = 500}, {.then = LokiReply::Then::kHang, .store = true}});  // then well
//   loki.SetDefault(LokiReply::From(LokiReply::Software::kHtml200));  // other software is there
//   loki.Misbehave({.seed = 7, .share = 0.5});                        // by a seed
//
//   loki.streams(); loki.lines(); loki.ByTime();    // what is stored
//   loki.refused();                                 // how many lines were refused for good
//   loki.duplicates(); loki.stored_again();         // came again: dropped, or stored once more
//
// A push may hold many streams. As in Loki, each stream and each line is judged for itself; one bad
// one keeps no other out, and the answer is about the last stream that was refused.
//
// Loki drops a repeated line only while the line is in its stream's head block, of 256 KiB
// (LokiLimits::head_block; 0 drops repeats for ever). Later it is stored once more.
//
// Over HTTP: GET /loki/api/v1/query_range?query={name="value"} answers in Loki's form all that is
// stored under these labels; only equality, no range, no limit. `fake_loki` is the same as a
// process (tests/integration/fake_loki_tool.cc).
//
// Who decides about a push: the script, then the handler, then the seed, then the default. A status
// of 200 or 204 means "what Loki would say", which depends on the limits, unless the reply is
// `verbatim`; any other is given as it is. TLS needs SIGPIPE to be ignored, which the constructor
// sees to. One thread per connection, so pushes over several connections are answered at the same
// time; all methods are thread-safe, and a handler may be called by several threads.
// clang-format on
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/loki/reply.h"
#include "tests/fakes/loki/socket.h"
#include "tests/fakes/loki/store.h"

namespace telltale {

class FakeLoki {
 public:
  using Entry = LokiEntry;
  using Push = LokiPush;
  using Reply = LokiReply;

  struct Options {
    bool tls = false;
    bool client_certificate = false;  // asks for one, of the authority of MakeClientPair
    // Without X-Scope-OrgID 401; else all are the tenant "fake", as with auth_enabled: false.
    bool tenants = false;
    LokiLimits limits = LokiLimits::None();
    std::chrono::milliseconds delay{0};      // of each answer, the lines being stored before it
    std::function<std::int64_t()> now = {};  // wall nanoseconds; the system's without it
  };

  FakeLoki() : FakeLoki(Options{}) {}
  explicit FakeLoki(Options options);
  ~FakeLoki();

  std::string url() const;
  // With TLS: of its authority; and a certificate with key for a client, by the same authority.
  std::string ca_pem() const;
  KeyPair MakeClientPair(const std::string& name) const;

  // The next answers, in order; after them what was set below, first `SetDefault`'s 204.
  void Script(std::vector<Reply> replies);
  void SetDefault(Reply reply);
  // Decides instead, when set.
  void SetHandler(std::function<Reply(const Push&)> handler);
  void Misbehave(LokiFaults faults);
  void SetLimits(LokiLimits limits);
  void SetDelay(std::chrono::milliseconds delay);
  // Every other Authorization is answered 401; empty: any will do.
  void ExpectAuthorization(std::string value);
  // Refuses connections, and takes them again on the same port.
  void GoDown();
  void ComeBack();

  // Everything that came, whatever the answer; bodies are as they were on the wire.
  std::vector<Push> pushes() const;
  // Instead of the pushes only how many: for tests that push for hours.
  void KeepNoPushes();
  std::uint64_t push_count() const;
  std::uint64_t connections() const;
  // The most pushes that were unanswered at the same time.
  std::uint64_t most_in_flight() const;
  std::vector<std::string> client_names() const;  // of certificates, one per connection
  // Waits until `done` says so of all pushes so far.
  bool WaitFor(const std::function<bool(const std::vector<Push>&)>& done,
               std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  bool WaitForPushes(std::size_t count) const;

  // What is stored, in the order of arrival, by stream labels (of one tenant, or of all); and all
  // lines of all streams, in the order of the labels.
  std::map<std::string, std::vector<Entry>> streams(const std::string& tenant = "") const;
  std::vector<std::string> lines() const;
  std::vector<Entry> ByTime() const;  // as a query answers
  std::size_t duplicates() const;     // entries that came again and were dropped
  std::size_t stored_again() const;   // entries that came again and were stored once more
  std::uint64_t refused() const;      // entries refused for good by Reply::refuse

 private:
  struct Client {
    std::shared_ptr<LokiSocket> socket;
    std::thread thread;
    bool done = false;  // guarded by mutex_
  };

  void PrepareTls(bool ask_for_certificate);
  void Listen();
  void Run();
  void Reap(bool all);
  void Serve(LokiSocket& socket);
  bool Answer(LokiSocket& socket, const Reply& reply) const;
  Reply Take(Push push);
  Reply Query(const std::string& target) const;
  Reply Choose(const Push& push, std::unique_lock<std::mutex>& lock);
  void Condemn(const Push& push, const Reply& reply);

  const Options options_;
  KeyPair authority_;
  TlsContext tls_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  LokiStore store_;  // guarded by mutex_, as all below
  std::deque<Reply> script_;
  Reply default_;
  std::function<Reply(const Push&)> handler_;
  std::optional<LokiFaults> faults_;
  std::string authorization_;
  std::vector<Push> pushes_;
  bool keep_pushes_ = true;
  std::chrono::milliseconds delay_{0};
  std::uint64_t push_count_ = 0, connection_count_ = 0, in_flight_ = 0, most_in_flight_ = 0;
  std::vector<std::string> client_names_;
  std::list<Client> clients_;
  bool stop_ = false;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace telltale

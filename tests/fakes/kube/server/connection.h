// SPDX-License-Identifier: Apache-2.0
//
// One connection of FakeApiServer: requests in, replies out, and what the hook wants to go wrong.
// Used on the server's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "tests/fakes/kube/server/channel.h"
#include "tests/fakes/kube/server/fake_api_server.h"
#include "tests/fakes/kube/server/request_parser.h"

namespace telltale {

// What a connection needs of its server.
struct ConnectionHost {
  FakeCluster& cluster;
  std::function<FakeFault(const FakeRequest&)> decide;  // numbers the request too
  std::function<void(FakeRequest&)> number;
  std::function<void(const FakeRequest&)> held;
  std::function<void(std::uint64_t events, std::uint64_t bytes)> count;
};

class Connection {
 public:
  Connection(ConnectionHost& host, std::uint64_t id, int fd, const TlsContext& tls);

  // What has arrived is read; false when the peer is gone.
  bool Receive();
  // As far as it goes without waiting; false when the connection is at its end.
  bool Advance(SteadyTime now);
  // A held request goes on with the next Advance.
  void Release() { released_ = true; }
  void Reset() { channel_.ResetOnClose(); }

  bool held() const { return state_ == State::kHeldBefore || state_ == State::kHeldAfter; }
  // A stream waits for the cluster or for time to pass.
  bool waits() const { return state_ == State::kSending; }
  bool drips() const { return fault_.drip_bytes_per_second > 0 && sent_ < out_.size(); }
  bool wants_write() const { return blocked_ || channel_.handshake_wants_write(); }
  int fd() const { return channel_.fd(); }
  std::uint64_t id() const { return id_; }

 private:
  enum class State {
    kReading,     // waits for a request
    kHeldBefore,  // has one that the cluster did not see yet
    kHeldAfter,   // ... that it did
    kSending,     // its answer goes out
    kEnding,      // all of it is in the buffer
    kClosing,     // the same, and then the connection ends
  };

  bool Begin();       // a whole request was read; false: cut
  bool Ask();         // the cluster
  void BeginReply();  // the head
  void Fill();        // the body, up to the high mark
  bool FillOne();     // one piece; false when there is none for now
  void Append(std::string_view piece);
  bool Limited(std::optional<std::size_t> bytes, std::optional<std::size_t> events) const;
  void EndBody();
  void CutBody();
  bool Flush(SteadyTime now);
  bool Step();

  ConnectionHost& host_;
  const std::uint64_t id_;
  Channel channel_;
  State state_ = State::kReading;
  std::string in_, out_, scratch_;
  std::size_t sent_ = 0;  // of out_
  bool blocked_ = false, released_ = false, promised_continue_ = false;

  ParsedRequest parsed_;
  FakeRequest info_;
  FakeFault fault_;
  FakeReply reply_;
  bool chunked_ = false, stalled_ = false;
  std::size_t body_bytes_ = 0, events_ = 0, cluster_events_ = 0, inserted_ = 0;
  SteadyTime drip_start_;
  std::size_t dripped_ = 0;
};

}  // namespace telltale

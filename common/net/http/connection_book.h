// SPDX-License-Identifier: Apache-2.0
//
// ConnectionBook: which connections a server has, and which of them it closes when it needs room.
// A client that opens many connections and leaves them, or that sends very slowly, loses them to
// the next client; a request that moves is never cut. Three limits:
//
//  - Connections. At the cap, Evict() chooses from the address that has the most: first one at rest
//    between two requests, then one that has sent no whole header within `slow_header`, then one
//    that has been sending a body, or has read no more of an answer, for `slow_peer`.
//  - Unfinished input. Headers and bodies that have begun to arrive share `max_input` bytes;
//    OverInput() names the one that has been arriving longest.
//  - Answers. Those that are being written share `max_output` bytes; OverOutput() names the one
//  that
//    has been written longest.
//
// Used by the HTTP server, on its io thread. No clock and no sockets of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/base/clock.h"

namespace telltale {

class Connection {
 public:
  // In the order in which they are given up.
  enum class State { kResting, kHeader, kBody, kAnswer };

  virtual ~Connection() = default;
  virtual void Drain() = 0;  // closes now if no request is in flight
  virtual void Abort() = 0;  // closes now
  // True if bytes have arrived that were not read yet.
  virtual bool HasUnread() = 0;

  State state() const { return state_; }
  SteadyTime since() const { return since_; }  // when it came to this state
  const std::string& peer() const { return peer_; }

 protected:
  // Also begins the state anew if it is the same.
  void Enter(State state, SteadyTime now) {
    state_ = state;
    since_ = now;
  }
  std::string peer_;  // its address; set once

 private:
  friend class ConnectionBook;
  State state_ = State::kHeader;
  SteadyTime since_{};
  std::size_t input_ = 0;   // bytes of a request that is not whole
  std::size_t output_ = 0;  // bytes of an answer that is not written
  bool leaving_ = false;
};

struct ConnectionLimits {
  std::size_t max_open, max_input;
  std::size_t max_output = 0;  // 0: no limit
  std::chrono::milliseconds slow_header{250}, slow_peer{1'000};
};

class ConnectionBook {
 public:
  explicit ConnectionBook(const ConnectionLimits& limits) : limits_(limits) {}

  void Add(Connection* connection) {
    open_.insert(connection);
    ++by_peer_[connection->peer()];
  }
  void Remove(Connection* connection);
  const std::unordered_set<Connection*>& open() const { return open_; }
  bool full() const { return open_.size() + leaving_ >= limits_.max_open; }
  // Those that Evict and OverInput returned and that were not removed yet.
  std::size_t leaving() const { return leaving_; }
  // Also those that are leaving.
  int OpenOf(const std::string& peer) const {
    const auto found = by_peer_.find(peer);
    return found == by_peer_.end() ? 0 : found->second;
  }

  // The caller closes the connection that these return, which keeps its place until Remove.
  //
  // The connection to close for a new one of `peer`: its own, or of an address that has more. Null
  // if each of these is in the middle of a request.
  Connection* Evict(SteadyTime now, const std::string& peer);

  // `connection` holds this many bytes of a request that is not whole yet.
  void SetInput(Connection* connection, std::size_t bytes) {
    if (!open_.contains(connection)) return;
    input_ += bytes - connection->input_;
    connection->input_ = bytes;
  }
  // The connection to close so that `current` can go on; null if the limit is kept, or if nothing
  // but `current` holds input.
  Connection* OverInput(const Connection* current);

  // `connection` writes an answer of this many bytes; 0 when it is written.
  void SetOutput(Connection* connection, std::size_t bytes) {
    if (!open_.contains(connection)) return;
    output_ += bytes - connection->output_;
    connection->output_ = bytes;
  }
  // As OverInput, for answers.
  Connection* OverOutput(const Connection* current);

 private:
  Connection* Longest(const Connection* current, std::size_t Connection::* holds);
  void Leave(Connection* connection);
  bool CanGo(Connection& connection, SteadyTime now) const;

  const ConnectionLimits limits_;
  std::unordered_set<Connection*> open_;  // without those that are leaving
  std::unordered_map<std::string, int> by_peer_;
  std::size_t leaving_ = 0;
  std::size_t input_ = 0, output_ = 0;
};

}  // namespace telltale

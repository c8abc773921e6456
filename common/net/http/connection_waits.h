// SPDX-License-Identifier: Apache-2.0
//
// Which connections of a server wait for their peer, and which of them makes room for a new one
// when the server has as many as it may have. Thread-compatible; used on the server's io thread.
#pragma once

#include <chrono>
#include <list>
#include <string>

namespace telltale {

class SessionBase {
 public:
  virtual ~SessionBase() = default;
  virtual void Drain() = 0;  // closes now when no request is under way
  virtual void Abort() = 0;  // closes now
  // Makes room for another connection: leaves its list and closes now, unless bytes of the peer are
  // there that were not read yet. False if it did not close.
  virtual bool Yield() = 0;
};

struct PeerWait {
  SessionBase* session;
  std::string peer;  // its address
  std::chrono::steady_clock::time_point since;
};
using PeerWaits = std::list<PeerWait>;  // the longest wait first

struct ConnectionWaits {
  PeerWaits resting;  // between two requests
  PeerWaits asking;   // for the end of a handshake, a header or a body
  PeerWaits reading;  // for the peer to read an answer

  // Closes one connection: one between two requests, whose client opens another when it needs it;
  // then one that has not sent its request; then one whose peer has not read for `slow_reader`. So
  // no client can keep others out, probes least of all. False if all have a request in flight.
  bool MakeRoom(std::chrono::milliseconds slow_reader);
};

// The place of one session in at most one of the lists.
class WaitPlace {
 public:
  WaitPlace() = default;
  WaitPlace(SessionBase* session, std::string peer);

  void Join(PeerWaits& list);  // at its end, also if it is in it
  void Leave();
  bool IsIn(const PeerWaits& list) const { return list_ == &list; }

 private:
  PeerWaits* list_ = nullptr;
  PeerWaits own_;  // the entry while it is in no list
  PeerWaits::iterator entry_;
};

}  // namespace telltale

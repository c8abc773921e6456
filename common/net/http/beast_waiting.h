// SPDX-License-Identifier: Apache-2.0
//
// WaitingRoom: connections that were accepted while every place was taken. Each is an open socket
// and nothing else, and gets the next place: a burst of requests is answered late and not refused.
// The address with the fewest open connections goes first, so that one with many cannot keep
// others out. Included by beast_server.cc only; part of its Beast fence. For the io thread.
#pragma once

#include <utility>  // before Asio 1.74, which forgets it
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <string>

#include "common/base/clock.h"
#include "common/net/http/beast_request.h"

namespace telltale {

class WaitingRoom {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Admit = std::function<void(Socket socket, std::string peer)>;

  WaitingRoom(boost::asio::io_context& io, SessionHost& host, Admit admit)
      : io_(io), host_(host), admit_(std::move(admit)), next_look_(io) {}

  // Admits it at once or lets it wait. When too many wait, the oldest of the address with the most
  // is closed.
  void Enter(Socket socket, std::string peer);
  // A place is free, or may be made free. Admits later, not within the call.
  void RoomMade();
  void Close();

 private:
  struct Waiting {
    Socket socket;
    std::string peer;
    SteadyTime since;
  };
  void AdmitNext();
  void LookAgainSoon();

  boost::asio::io_context& io_;
  SessionHost& host_;
  const Admit admit_;
  std::list<Waiting> waiting_;  // in the order of their arrival
  boost::asio::steady_timer next_look_;
  bool looks_ = false;   // next_look_ runs
  bool posted_ = false;  // a call of AdmitNext is posted
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// An HTTP proxy on loopback that tunnels (CONNECT) to whatever it is asked for, one connection
// after the other, and remembers what it was asked.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "tests/unit/operator/kube/client/raw_server.h"

namespace telltale {

class ConnectProxy {
 public:
  ConnectProxy() : server_([this](RawConnection& client) { Serve(client); }) {}
  std::uint16_t port() const { return server_.port(); }
  // The heads of the CONNECT requests, one after the other.
  std::string asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void Serve(RawConnection& client);

  mutable std::mutex mutex_;
  std::string asked_;  // guarded by mutex_
  RawServer server_;
};

}  // namespace telltale

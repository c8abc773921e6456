// SPDX-License-Identifier: Apache-2.0
//
// A TLS server on loopback that answers each request with what it saw of the client:
// "sni=NAME client=COMMON_NAME connection=N", and with the request's Host. It asks for a client
// certificate and takes any. Connections are kept, each on a thread of its own; /watch is answered
// with the head and first piece of a stream that never ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/net/tls/tls.h"

namespace telltale {

class TlsMirror {
 public:
  explicit TlsMirror(const KeyPair& pair);
  ~TlsMirror();
  std::uint16_t port() const { return port_; }

 private:
  struct Context;
  void Run();
  void Serve(int fd, int number);

  std::unique_ptr<Context> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> open_;             // guarded by mutex_
  std::vector<std::thread> threads_;  // of Run only, until it ended
  std::thread acceptor_;
};

}  // namespace telltale

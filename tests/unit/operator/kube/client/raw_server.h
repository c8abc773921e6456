// SPDX-License-Identifier: Apache-2.0
//
// A TCP server on loopback whose behaviour is a function of the test: it can stall, cut an answer
// in the middle and count what was taken from it, which a correct HTTP server cannot. One thread
// serves one connection after the other; the destructor closes the current one and joins.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace telltale {

// One accepted connection.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  // A request's head and body, as far as Content-Length says; empty when the peer is gone.
  std::string ReadRequest();
  // False when the peer is gone.
  bool Write(std::string_view bytes);
  bool WriteChunk(std::string_view bytes);
  // Writes until the peer has not read for `stall`; the bytes that were taken.
  std::size_t WriteUntilStalled(int stall_milliseconds, std::size_t limit);
  // Until the peer closes its side.
  void WaitForClose();
  int fd() const { return fd_; }

 private:
  int fd_;
};

inline constexpr std::string_view kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

// A whole answer with a Content-Length; `status` is "200 OK" and the like.
std::string PlainAnswer(std::string_view status, std::string_view body,
                        std::string_view more_headers = "");

class RawServer {
 public:
  explicit RawServer(std::function<void(RawConnection&)> serve);
  ~RawServer();
  std::uint16_t port() const { return port_; }

 private:
  void Run();

  std::function<void(RawConnection&)> serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connection_{-1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace telltale

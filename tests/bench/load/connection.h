// SPDX-License-Identifier: Apache-2.0
//
// One HTTP/1.1 connection of the load server, plain or TLS, read and written by the one thread that
// owns it. Blocking; only what our client and Go's send is understood.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace telltale::bench {

struct Request {
  std::string method, target, path, accept, content_type, body, token, user_agent;
  std::map<std::string, std::string> query;

  std::string Query(const std::string& name) const {
    const auto it = query.find(name);
    return it == query.end() ? std::string() : it->second;
  }
};

// The server's side of TLS, from files of PEM; shared by all connections.
Result<std::shared_ptr<ssl_ctx_st>> MakeTlsContext(const std::string& certificate,
                                                   const std::string& key);

class Connection {
 public:
  Connection(int socket, ssl_ctx_st* tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Handshake();
  bool Read(Request& out);  // false when the peer is gone
  bool Write(std::string_view bytes);
  bool Respond(int status, std::string_view body, int retry_after_seconds = 0);
  bool BeginChunks(std::string_view content_type);

 private:
  long Receive(char* to, std::size_t size);

  int socket_;
  ssl_st* ssl_ = nullptr;
  std::string buffer_;
};

// Appends the bytes as one chunk.
void Chunk(std::string_view bytes, std::string& out);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace telltale::bench

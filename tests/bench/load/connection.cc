// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "common/base/strings.h"

namespace telltale::bench {
namespace {

std::string Decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ec == std::errc()) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

void ParseTarget(Request& request) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  request.query.clear();
  if (mark == std::string_view::npos) return;
  for (std::string_view pair : Split(target.substr(mark + 1), '&')) {
    const auto equals = pair.find('=');
    request.query[Decode(pair.substr(0, equals))] =
        equals == std::string_view::npos ? "" : Decode(pair.substr(equals + 1));
  }
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

void Chunk(std::string_view bytes, std::string& out) {
  std::array<char, 24> head{};
  const int length = std::snprintf(head.data(), head.size(), "%zx\r\n", bytes.size());
  out.append(head.data(), static_cast<std::size_t>(length)).append(bytes).append("\r\n");
}

Result<std::shared_ptr<ssl_ctx_st>> MakeTlsContext(const std::string& certificate,
                                                   const std::string& key) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Fail(Code::kInvalid, "cannot use the certificate " + certificate);
  }
  return context;
}

Connection::Connection(int socket, ssl_ctx_st* tls) : socket_(socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket);
  }
}

Connection::~Connection() {
  if (ssl_) SSL_free(ssl_);
  ::close(socket_);
}

bool Connection::Handshake() { return !ssl_ || SSL_accept(ssl_) == 1; }

long Connection::Receive(char* to, std::size_t size) {
  return ssl_ ? SSL_read(ssl_, to, static_cast<int>(size)) : ::recv(socket_, to, size, 0);
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const long n = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Connection::Read(Request& out) {
  std::array<char, 16384> piece;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    const long n = Receive(piece.data(), piece.size());
    if (n <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(n));
  }
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  out = {};
  std::size_t length = 0;
  bool first = true;
  for (std::string_view line : Split(head, '\n')) {
    line = Trim(line);
    if (std::exchange(first, false)) {
      const auto one = line.find(' '), two = line.rfind(' ');
      if (one == std::string_view::npos || two <= one) return false;
      out.method = std::string(line.substr(0, one));
      out.target = std::string(line.substr(one + 1, two - one - 1));
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    for (char& c : name) c = Lower(c);
    const std::string value(Trim(line.substr(colon + 1)));
    if (name == "content-length") length = std::stoul(value);
    if (name == "accept") out.accept = value;
    if (name == "content-type") out.content_type = value;
    if (name == "user-agent") out.user_agent = value;
    if (name == "authorization" && value.size() > 7) out.token = value.substr(7);
  }
  while (buffer_.size() < length) {
    const long n = Receive(piece.data(), piece.size());
    if (n <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(n));
  }
  out.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  ParseTarget(out);
  return true;
}

bool Connection::Respond(int status, std::string_view body, int retry_after_seconds) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
  out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  if (retry_after_seconds > 0) out += "\r\nRetry-After: " + std::to_string(retry_after_seconds);
  out.append("\r\n\r\n").append(body);
  return Write(out);
}

bool Connection::BeginChunks(std::string_view content_type) {
  return Write("HTTP/1.1 200 OK\r\nContent-Type: " + std::string(content_type) +
               "\r\nTransfer-Encoding: chunked\r\n\r\n");
}

}  // namespace telltale::bench

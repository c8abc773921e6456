// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_loki.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <protozero/pbf_reader.hpp>
#include <utility>

#include "common/base/check.h"
#include "sidecar/ship/snappy_codec.h"

namespace telltale {
namespace {

std::string HeaderValue(const std::string& head, const std::string& name) {
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
    std::size_t start = at + 2;
    if (strncasecmp(head.c_str() + start, (name + ":").c_str(), name.size() + 1) != 0) continue;
    std::size_t value = head.find_first_not_of(' ', start + name.size() + 1);
    return head.substr(value, head.find("\r\n", value) - value);
  }
  return "";
}

bool SendAll(int connection, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

FakeLoki::Entry DecodeEntry(protozero::pbf_reader in) {
  FakeLoki::Entry entry;
  while (in.next()) {
    if (in.tag() == 1) {
      protozero::pbf_reader stamp = in.get_message();
      while (stamp.next()) {
        if (stamp.tag() == 1) {
          entry.time += stamp.get_int64() * 1'000'000'000;
        } else if (stamp.tag() == 2) {
          entry.time += stamp.get_int32();
        } else {
          stamp.skip();
        }
      }
    } else if (in.tag() == 2) {
      entry.line = in.get_string();
    } else if (in.tag() == 3) {
      protozero::pbf_reader pair = in.get_message();
      std::string name, value;
      while (pair.next()) {
        if (pair.tag() == 1) {
          name = pair.get_string();
        } else {
          value = pair.get_string();
        }
      }
      entry.metadata[name] = value;
    } else {
      in.skip();
    }
  }
  return entry;
}

}  // namespace

FakeLoki::FakeLoki() { Listen(); }

FakeLoki::~FakeLoki() { GoDown(); }

std::string FakeLoki::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void FakeLoki::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  TELLTALE_CHECK(bind(listener_, any, size) == 0 && listen(listener_, 16) == 0);
  TELLTALE_CHECK(getsockname(listener_, any, &size) == 0);
  port_ = ntohs(address.sin_port);
  stop_ = false;
  thread_ = std::thread([this] { Run(); });
}

void FakeLoki::GoDown() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (connection_ >= 0) shutdown(connection_, SHUT_RDWR);
  }
  if (thread_.joinable()) thread_.join();
  if (listener_ >= 0) close(std::exchange(listener_, -1));
}

void FakeLoki::ComeBack() { Listen(); }

void FakeLoki::Run() {
  while (true) {
    int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    {
      std::lock_guard lock(mutex_);
      if (stop_ || connection < 0) {
        if (connection >= 0) close(connection);
        if (stop_) return;
        continue;
      }
      connection_ = connection;
    }
    Serve(connection);
    std::lock_guard lock(mutex_);
    connection_ = -1;
    close(connection);
  }
}

void FakeLoki::Serve(int connection) {
  std::string buffer;
  while (true) {
    Push push;
    if (!ReadRequest(connection, buffer, push)) return;
    if (!Answer(connection, Take(std::move(push)))) return;
  }
}

bool FakeLoki::ReadRequest(int connection, std::string& buffer, Push& push) const {
  std::size_t head = std::string::npos, length = 0;
  char chunk[65536];
  while (true) {
    if (head == std::string::npos && (head = buffer.find("\r\n\r\n")) != std::string::npos) {
      std::string text = buffer.substr(0, head + 2);
      length = std::stoul("0" + HeaderValue(text, "Content-Length"));
      push.target = text.substr(0, text.find(" HTTP/"));
      push.content_type = HeaderValue(text, "Content-Type");
      push.tenant = HeaderValue(text, "X-Scope-OrgID");
    }
    if (head != std::string::npos && buffer.size() >= head + 4 + length) break;
    ssize_t n = recv(connection, chunk, sizeof(chunk), 0);
    if (n <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(n));
  }
  push.body = buffer.substr(head + 4, length);
  buffer.erase(0, head + 4 + length);
  push.time = std::chrono::steady_clock::now();
  Decode(push);
  return true;
}

void FakeLoki::Decode(Push& push) {
  auto raw = SnappyUncompress(push.body);
  if (!raw) return;
  try {
    protozero::pbf_reader request(*raw);
    while (request.next()) {
      protozero::pbf_reader stream = request.get_message();
      while (stream.next()) {
        if (stream.tag() == 1) {
          push.labels = stream.get_string();
        } else {
          push.entries.push_back(DecodeEntry(stream.get_message()));
        }
      }
    }
    push.valid = true;
  } catch (const protozero::exception&) {
    push.entries.clear();
  }
}

FakeLoki::Reply FakeLoki::Take(Push push) {
  std::unique_lock lock(mutex_);
  Reply reply = default_;
  if (!script_.empty()) {
    reply = script_.front();
    script_.pop_front();
  } else if (handler_) {
    auto handler = handler_;
    lock.unlock();
    reply = handler(push);
    lock.lock();
  }
  if (push.valid && (reply.store || reply.status == 204 || reply.status == 200)) {
    auto& stream = streams_[push.labels];
    for (const Entry& entry : push.entries) {
      std::string key = push.labels + std::to_string(entry.time) + " " + entry.line;
      for (const auto& [name, value] : entry.metadata) key += "\n" + name + "=" + value;
      if (seen_.insert(std::move(key)).second) {
        stream.push_back(entry);
      } else {
        ++duplicates_;
      }
    }
  }
  pushes_.push_back(std::move(push));
  changed_.notify_all();
  return reply;
}

// False when the connection is to be closed.
bool FakeLoki::Answer(int connection, const Reply& reply) const {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Text\r\n" + reply.headers;
  if (reply.status != 204) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  text += "\r\n" + reply.body;
  switch (reply.then) {
    case Reply::Then::kKeep:
      return SendAll(connection, text);
    case Reply::Then::kCloseMidResponse:
      SendAll(connection, text.substr(0, 12));
      return false;
    case Reply::Then::kCloseWithoutResponse:
      return false;
    case Reply::Then::kHang: {
      char byte;
      while (recv(connection, &byte, 1, 0) > 0) {
      }
      return false;
    }
  }
  return false;
}

void FakeLoki::Script(std::vector<Reply> replies) {
  std::lock_guard lock(mutex_);
  script_.assign(replies.begin(), replies.end());
}

void FakeLoki::SetDefault(Reply reply) {
  std::lock_guard lock(mutex_);
  default_ = std::move(reply);
}

void FakeLoki::SetHandler(std::function<Reply(const Push&)> handler) {
  std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

std::vector<FakeLoki::Push> FakeLoki::pushes() const {
  std::lock_guard lock(mutex_);
  return pushes_;
}

bool FakeLoki::WaitFor(const std::function<bool(const std::vector<Push>&)>& done,
                       std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return done(pushes_); });
}

bool FakeLoki::WaitForPushes(std::size_t count) const {
  return WaitFor([&](const std::vector<Push>& pushes) { return pushes.size() >= count; });
}

std::map<std::string, std::vector<FakeLoki::Entry>> FakeLoki::streams() const {
  std::lock_guard lock(mutex_);
  return streams_;
}

std::vector<std::string> FakeLoki::lines() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [labels, entries] : streams_) {
    for (const Entry& entry : entries) out.push_back(entry.line);
  }
  return out;
}

std::size_t FakeLoki::duplicates() const {
  std::lock_guard lock(mutex_);
  return duplicates_;
}

}  // namespace telltale

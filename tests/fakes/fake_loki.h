// SPDX-License-Identifier: Apache-2.0
//
// A Loki on a port of its own that answers pushes as told, well or badly, and remembers what it
// was sent and what it stored. It decodes pushes with protozero, not with our own code, and drops
// an entry that it has already, as Loki does. Raw sockets, since an HTTP server of ours could not
// misbehave enough. One thread; all methods are thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/files.h"

namespace telltale {

class FakeLoki {
 public:
  struct Entry {
    std::int64_t time = 0;
    std::string line;
    std::map<std::string, std::string> metadata;
    bool operator==(const Entry&) const = default;
  };
  struct Push {
    std::string target, content_type, tenant;
    std::string body;  // as on the wire
    std::string labels;
    std::vector<Entry> entries;
    bool valid = false;  // it could be decoded
    std::chrono::steady_clock::time_point time;
  };
  struct Reply {
    int status = 204;
    std::string body, headers;  // headers as "Name: value\r\n"
    // What happens to the connection: kHang never answers until the client goes away.
    enum class Then { kKeep, kCloseMidResponse, kCloseWithoutResponse, kHang } then = Then::kKeep;
    bool store = false;  // also when the status is not 200 or 204
  };

  FakeLoki();
  ~FakeLoki();

  std::string url() const;

  // The next answers, in order; after them `SetDefault`'s, first 204.
  void Script(std::vector<Reply> replies);
  void SetDefault(Reply reply);
  // Decides instead, when set.
  void SetHandler(std::function<Reply(const Push&)> handler);
  // Refuses connections, and takes them again on the same port.
  void GoDown();
  void ComeBack();

  std::vector<Push> pushes() const;
  // Waits until `done` says so of all pushes so far.
  bool WaitFor(const std::function<bool(const std::vector<Push>&)>& done,
               std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  bool WaitForPushes(std::size_t count) const;

  // What is stored, in the order of arrival, by stream labels; and all lines of all streams.
  std::map<std::string, std::vector<Entry>> streams() const;
  std::vector<std::string> lines() const;
  std::size_t duplicates() const;  // entries that were there already

 private:
  void Listen();
  void Run();
  void Serve(int connection);
  bool ReadRequest(int connection, std::string& buffer, Push& push) const;
  bool Answer(int connection, const Reply& reply) const;
  Reply Take(Push push);
  static void Decode(Push& push);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Reply> script_;
  Reply default_;
  std::function<Reply(const Push&)> handler_;
  std::vector<Push> pushes_;
  std::map<std::string, std::vector<Entry>> streams_;
  std::set<std::string> seen_;
  std::size_t duplicates_ = 0;
  int listener_ = -1;
  int connection_ = -1;
  std::uint16_t port_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace telltale

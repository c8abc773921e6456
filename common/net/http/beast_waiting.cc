// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/beast_waiting.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <set>
#include <string_view>
#include <unordered_map>

namespace telltale {
namespace {

// When a connection that is slow may have become old enough to be closed.
constexpr std::chrono::milliseconds kLookAgain{50};

}  // namespace

void WaitingRoom::Enter(Socket socket, std::string peer) {
  waiting_.push_back({std::move(socket), std::move(peer), std::chrono::steady_clock::now()});
  AdmitNext();
  if (waiting_.size() > static_cast<std::size_t>(host_.options.max_waiting)) {
    std::unordered_map<std::string, int> count;
    for (const Waiting& one : waiting_) ++count[one.peer];
    waiting_.erase(std::ranges::max_element(waiting_, {},
                                            [&](const Waiting& one) { return count[one.peer]; }));
  }
}

void WaitingRoom::LookAgainSoon() {
  if (looks_ || waiting_.empty()) return;
  looks_ = true;
  next_look_.expires_after(kLookAgain);
  next_look_.async_wait([this](boost::system::error_code cancelled) {
    looks_ = false;
    if (!cancelled) AdmitNext();
  });
}

void WaitingRoom::RoomMade() {
  if (waiting_.empty() || posted_) return;
  posted_ = true;
  boost::asio::post(io_, [this] {
    posted_ = false;
    AdmitNext();
  });
}

void WaitingRoom::AdmitNext() {
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && now - waiting_.front().since > host_.options.read_timeout) {
    waiting_.pop_front();
  }
  ConnectionBook& book = host_.book;
  while (!waiting_.empty() && !book.full()) {
    const auto next = std::ranges::min_element(
        waiting_, {}, [&](const Waiting& one) { return book.OpenOf(one.peer); });
    Waiting one = std::move(*next);
    waiting_.erase(next);
    admit_(std::move(one.socket), std::move(one.peer));
  }
  // Each leaves its place when it has closed, which calls RoomMade.
  std::set<std::string_view> in_vain;
  for (const Waiting& one : waiting_) {
    if (book.leaving() >= waiting_.size()) break;
    if (in_vain.contains(one.peer)) continue;
    if (Connection* const leaves = book.Evict(now, one.peer)) {
      leaves->Abort();
    } else {
      in_vain.insert(one.peer);
    }
  }
  LookAgainSoon();
}

void WaitingRoom::Close() {
  waiting_.clear();
  next_look_.cancel();
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/connection_waits.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace telltale {
namespace {

// Of the peer that has the most connections without a whole request, the one that began first:
// whoever opens many makes room for others, and who sends a request at once loses nothing.
SessionBase* OldestOfTheGreediest(const PeerWaits& asking) {
  std::map<std::string_view, int> count;
  for (const PeerWait& wait : asking) ++count[wait.peer];
  return std::max_element(
             asking.begin(), asking.end(),
             [&](const PeerWait& a, const PeerWait& b) { return count[a.peer] < count[b.peer]; })
      ->session;
}

}  // namespace

bool ConnectionWaits::MakeRoom(std::chrono::milliseconds slow_reader) {
  while (!resting.empty()) {
    if (resting.front().session->Yield()) return true;
  }
  while (!asking.empty()) {
    if (OldestOfTheGreediest(asking)->Yield()) return true;
  }
  return !reading.empty() &&
         std::chrono::steady_clock::now() - reading.front().since >= slow_reader &&
         reading.front().session->Yield();
}

WaitPlace::WaitPlace(SessionBase* session, std::string peer) {
  own_.push_back({session, std::move(peer), {}});
  entry_ = own_.begin();
}

void WaitPlace::Join(PeerWaits& list) {
  list.splice(list.end(), list_ != nullptr ? *list_ : own_, entry_);
  entry_->since = std::chrono::steady_clock::now();
  list_ = &list;
}

void WaitPlace::Leave() {
  if (list_ != nullptr) own_.splice(own_.end(), *list_, entry_);
  list_ = nullptr;
}

}  // namespace telltale

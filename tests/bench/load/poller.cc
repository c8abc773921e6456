// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/poller.h"

#include <set>
#include <string_view>
#include <utility>

#include "tests/bench/load/http_get.h"

namespace telltale::bench {
namespace {

constexpr int kSmallBuffer = 32'768;
constexpr std::string_view kMarkerUid = "aaaaaaaa-";
constexpr std::size_t kUidSize = 36;

// The first target that is no marker; its labels are sorted, so this stands near its start.
bool BehindMarkers(std::string_view text) {
  return text.find("\"namespace\":\"team-") != std::string_view::npos;
}

}  // namespace

void Poller::Start(std::uint16_t port, std::string target, bool head_only,
                   std::chrono::milliseconds every) {
  looks_ = failures_ = 0;
  thread_ = std::jthread([=, this, target = std::move(target)](std::stop_token stop) {
    auto next = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      Look(port, target, head_only);
      next = std::max(next + every, std::chrono::steady_clock::now());
      std::this_thread::sleep_until(next);
    }
  });
}

void Poller::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Poller::Look(std::uint16_t port, const std::string& target, bool head_only) {
  const Page page =
      head_only ? Get(port, target, kSmallBuffer, BehindMarkers) : Get(port, target, 0, {});
  ++looks_;
  if (!page.ok) {
    ++failures_;
    return;
  }
  std::set<std::string> uids;
  for (auto at = page.text.find(kMarkerUid); at != std::string::npos;
       at = page.text.find(kMarkerUid, at + kUidSize)) {
    uids.insert(page.text.substr(at, kUidSize));
  }
  markers_.Seen(uids, page.asked, page.first_byte);
}

}  // namespace telltale::bench

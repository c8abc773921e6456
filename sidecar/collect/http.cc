// SPDX-License-Identifier: Apache-2.0
//
// http: polls URLs of the pod (sidecar/poll). The polls run on threads of their own and publish by
// themselves, so a cycle of the collectors has nothing to do for them.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/collect/collector.h"
#include "sidecar/poll/http_poller.h"

namespace telltale {
namespace {

class HttpCollector : public Collector {
 public:
  explicit HttpCollector(Registry& registry) : registry_(registry) {}

  // A poll that stays as it is goes on.
  void Configure(const CollectorSettings& settings, std::chrono::milliseconds cycle) override {
    std::vector<std::unique_ptr<HttpPoller>> next;
    for (const HttpPollConfig& poll : settings.http) {
      const auto same = std::find_if(pollers_.begin(), pollers_.end(), [&](const auto& poller) {
        return poller != nullptr && poller->config() == poll &&
               (poll.interval_ms > 0 || poller->interval() == cycle);
      });
      next.push_back(same == pollers_.end() ? nullptr : std::move(*same));
    }
    pollers_ = std::move(next);  // ends the others, whose series have the same names
    for (std::size_t i = 0; i < pollers_.size(); ++i) {
      if (pollers_[i] != nullptr) continue;
      pollers_[i] = std::make_unique<HttpPoller>(settings.http[i], cycle, registry_, RealClock());
    }
  }

  Status Collect() override { return {}; }
  void AwaitFirst() override {
    for (const auto& poller : pollers_) poller->AwaitFirst();
  }

 private:
  Registry& registry_;
  std::vector<std::unique_ptr<HttpPoller>> pollers_;
};

}  // namespace

std::unique_ptr<Collector> MakeHttpCollector(Registry& registry, const CollectorRoots&) {
  return std::make_unique<HttpCollector>(registry);
}

}  // namespace telltale

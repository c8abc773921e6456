// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/skipped.h"

#include "common/base/check.h"
#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::string_view kSkipped = "telltale_collector_skipped";

}  // namespace

Skipped::Skipped(Registry& registry, std::string_view collector,
                 std::initializer_list<std::string_view> reasons)
    : registry_(registry), collector_(collector) {
  for (const std::string_view reason : reasons) {
    Gauge& gauge =
        registry.AddGauge(kSkipped, "What the collector left out of its last cycle, by reason.",
                          {{"collector", collector_}, {"reason", std::string(reason)}});
    reasons_.push_back({reason, &gauge, 0, {}, false});
  }
}

Skipped::~Skipped() {
  for (const Reason& reason : reasons_) {
    registry_.Remove(kSkipped, {{"collector", collector_}, {"reason", std::string(reason.name)}});
  }
}

void Skipped::Begin() {
  for (Reason& reason : reasons_) {
    reason.count = 0;
    reason.first.clear();
  }
}

void Skipped::Add(std::string_view name, std::string_view what) {
  for (Reason& reason : reasons_) {
    if (reason.name != name) continue;
    if (reason.count++ == 0) reason.first = what;
    return;
  }
  TELLTALE_CHECK(false);  // not one of the constructor's
}

void Skipped::End() {
  for (Reason& reason : reasons_) {
    reason.gauge->Set(static_cast<double>(reason.count));
    if (reason.count > 0 && !reason.logged) {
      LogWarn("a collector leaves things out", {{"collector", collector_},
                                                {"reason", reason.name},
                                                {"count", reason.count},
                                                {"first", reason.first}});
    }
    reason.logged = reason.count > 0;
  }
}

}  // namespace telltale

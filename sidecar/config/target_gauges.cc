// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/target_gauges.h"

namespace telltale {

using Column = SeriesTable::Column;

TargetGauges::TargetGauges(Registry& registry)
    : table_(registry,
             {{"telltale_config_target_generation",
               "Generation of the MonitoringTarget whose configuration is in effect; 0 if none of "
               "it was ever accepted.",
               Column::kGauge},
              {"telltale_config_target_refused",
               "1 while the newest configuration of the MonitoringTarget is refused and the last "
               "good one is in effect.",
               Column::kGauge}},
             kMax) {}

void TargetGauges::Publish(const TargetStates& targets) {
  table_.Begin();
  for (const auto& [target, state] : targets) {
    table_.Set({{"target", target}}, {static_cast<std::uint64_t>(state.generation),
                                      static_cast<std::uint64_t>(state.refused)});
  }
  table_.End();
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/reflector_metrics.h"

namespace telltale {
namespace {

constexpr std::array<const char*, kWatchEnds> kReasons = {
    "eof",    "short",     "error",    "timeout", "gone",    "throttled", "internal",
    "status", "malformed", "oversize", "rewind",  "initial", "silent"};

std::array<Counter*, kWatchEnds> AddRestarts(Registry& registry, const std::string& resource) {
  std::array<Counter*, kWatchEnds> out{};
  for (std::size_t i = 0; i < kWatchEnds; ++i) {
    out[i] = &registry.AddCounter("telltale_watch_restarts_total", "Watches that ended, by reason.",
                                  {{"reason", kReasons[i]}, {"resource", resource}});
  }
  return out;
}

Counter& AddSyncs(Registry& registry, const char* mode, const std::string& resource) {
  return registry.AddCounter("telltale_syncs_total",
                             "Whole contents that were read to their end, by how.",
                             {{"mode", mode}, {"resource", resource}});
}

}  // namespace

ReflectorMetrics::ReflectorMetrics(Registry& registry, const std::string& resource)
    : restarts(AddRestarts(registry, resource)),
      relists(registry.AddCounter("telltale_relists_total",
                                  "Whole contents that were asked for after the first one.",
                                  {{"resource", resource}})),
      syncs_by_watch_list(AddSyncs(registry, "watch-list", resource)),
      syncs_by_list(AddSyncs(registry, "list", resource)),
      history_checks(registry.AddCounter(
          "telltale_history_checks_total",
          "Questions whether the API server still has what was seen of it, before a watch goes on.",
          {{"resource", resource}})),
      decode_errors(registry.AddCounter(
          "telltale_decode_errors_total",
          "Objects and watch lines of the API server that were skipped because they do not decode.",
          {{"resource", resource}})),
      watch_events(registry.AddCounter("telltale_watch_events_total",
                                       "Events that watches brought, bookmarks included.",
                                       {{"resource", resource}})),
      watch_bytes(registry.AddCounter("telltale_watch_bytes_total", "Bytes that watches brought.",
                                      {{"resource", resource}})),
      last_event(registry.AddGauge("telltale_watch_last_event_timestamp_seconds",
                                   "When the last event or bookmark came, 0 before the first.",
                                   {{"resource", resource}})),
      initial_sync(
          registry.AddGauge("telltale_initial_sync_seconds",
                            "How long the first sync took from the start, 0 before its end.",
                            {{"resource", resource}})) {}

}  // namespace telltale

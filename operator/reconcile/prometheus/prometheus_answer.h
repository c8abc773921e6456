// SPDX-License-Identifier: Apache-2.0
//
// Reads the answers of Prometheus' HTTP API while they arrive, into a PrometheusView: "Querying
// targets" (/api/v1/targets?state=active) and "Instant queries". Used by PrometheusPoller, one
// reader per answer. Not thread-safe; what an answer says is untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/text/json_cutter.h"
#include "common/text/json_reader.h"
#include "operator/plan/status/prometheus_view.h"

namespace telltale {

class PrometheusAnswer {
 public:
  enum class Kind {
    kActiveTargets,  // the reports of our targets; others are passed over
    kLoggingPods,    // the pod of each series
    kStalledPods,    // the same; a value is the time since when
    kForbiddenPods,
    kUnreadableFiles,    // the pod of each series, and the label `reason`
    kNoFiles,            // the pod of each series
    kEmptyPages,         // the pod of each series, `job` and `instance`
    kRefusedConfigs,     // the pod of each series, and `target`
    kLowestGenerations,  // `target`; a value is the generation
    kNodeAgents,         // one for each series
    kPromtailPods,       // `path`, a log file of the pod: its lines were read and delivered
    kPromtailStalled,    // the same; that Promtail cannot deliver
  };

  PrometheusAnswer(Kind kind, JsonParser& parser, PrometheusView& view);

  Status Feed(std::string_view piece);
  // After the last piece: whether that was a whole answer that had the array. One without it is an
  // error and no empty list: that is what Prometheus sends when it cannot answer.
  Status Finish() const;

  // Of kActiveTargets: the scrape pools of our targets, those of others, and how many targets there
  // were. A VictoriaMetrics that drops original labels gives targets that cannot be told apart.
  struct Pools {
    std::set<std::string> ours, others;
    std::size_t targets = 0, unlabelled = 0;
  };
  const Pools& pools() const { return pools_; }

 private:
  Status ReadTarget(JsonValue target);
  struct Series {
    std::string ns, pod, reason, instance, job, target, path;  // labels
    std::optional<std::int64_t> value;
  };
  Status ReadSeries(JsonValue series);
  void AddSeries(const Series& read);
  void AddPromtail(const Series& read);

  const Kind kind_;
  JsonParser& parser_;
  PrometheusView& view_;
  const std::string array_;  // in `data`
  JsonCutter cutter_;
  Pools pools_;
};

}  // namespace telltale

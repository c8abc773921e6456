// SPDX-License-Identifier: Apache-2.0
//
// Reads the answers of Prometheus' HTTP API while they arrive, into a PrometheusView: "Querying
// targets" (/api/v1/targets?state=active) and "Instant queries". Used by PrometheusPoller, one
// reader per answer. Not thread-safe; what an answer says is untrusted.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/text/json_reader.h"
#include "operator/plan/status/prometheus_view.h"
#include "operator/reconcile/array_cutter.h"

namespace telltale {

class PrometheusAnswer {
 public:
  enum class Kind {
    kActiveTargets,  // the reports of our targets; others are passed over
    kLoggingPods,    // the pod of each series
  };

  PrometheusAnswer(Kind kind, JsonParser& parser, PrometheusView& view);

  Status Feed(std::string_view piece);
  // After the last piece: whether that was a whole answer.
  Status Finish() const { return cutter_.Finish(); }

 private:
  Status ReadTarget(JsonValue target);
  Status ReadSeries(JsonValue series);

  const Kind kind_;
  JsonParser& parser_;
  PrometheusView& view_;
  ArrayCutter cutter_;
};

}  // namespace telltale

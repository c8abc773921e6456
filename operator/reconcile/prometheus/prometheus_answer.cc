// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_answer.h"

#include <string>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxElement = 1u << 20;

void Take(JsonValue value, std::string& out) { out = value.String().value_or(""); }

ScrapeState StateOf(std::string_view health) {
  if (health == "up") return ScrapeState::kUp;
  return health == "down" ? ScrapeState::kDown : ScrapeState::kUnknown;
}

}  // namespace

PrometheusAnswer::PrometheusAnswer(Kind kind, JsonParser& parser, PrometheusView& view)
    : kind_(kind),
      parser_(parser),
      view_(view),
      array_(kind == Kind::kActiveTargets ? "activeTargets" : "result"),
      cutter_({.array = {"data", array_}, .max_element = kMaxElement}) {}

Status PrometheusAnswer::Finish() const {
  if (!cutter_.complete()) return Fail(Code::kUnavailable, "the answer was cut");
  if (!cutter_.found()) return Fail(Code::kInvalid, "the answer has no data." + array_);
  return {};
}

Status PrometheusAnswer::Feed(std::string_view piece) {
  return cutter_.Feed(piece, [this](std::string_view element) {
    return parser_.Parse(element, [this](JsonValue root) {
      return kind_ == Kind::kActiveTargets ? ReadTarget(root) : ReadSeries(root);
    });
  });
}

Status PrometheusAnswer::ReadTarget(JsonValue target) {
  std::string resource, uid, endpoint, ns, health, error;
  TELLTALE_TRY(target.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "health") Take(value, health);
    if (key == "lastError") Take(value, error);
    if (key != "discoveredLabels") return {};
    return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
      if (label == "__meta_telltale_target") Take(text, resource);
      if (label == "__meta_telltale_pod_uid") Take(text, uid);
      if (label == "__meta_telltale_endpoint") Take(text, endpoint);
      if (label == "namespace") Take(text, ns);
      return {};
    });
  }));
  if (!resource.empty()) view_.Add(resource, uid, endpoint, ns, StateOf(health), error);
  return {};
}

Status PrometheusAnswer::ReadSeries(JsonValue series) {
  std::string ns, pod, sample;
  TELLTALE_TRY(series.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "metric") {
      return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
        if (label == "namespace") Take(text, ns);
        if (label == "pod") Take(text, pod);
        return {};
      });
    }
    if (key != "value") return {};
    // [time, "number"]
    return value.ForEachElement([&](JsonValue part) -> Status {
      Take(part, sample);
      return {};
    });
  }));
  if (kind_ == Kind::kLoggingPods) view_.AddLogging(ns, pod);
  if (kind_ == Kind::kForbiddenPods) view_.AddForbidden(ns, pod);
  if (kind_ != Kind::kStalledPods) return {};
  const auto since = ParseInt(std::string_view(sample).substr(0, sample.find('.')));
  if (since) view_.AddStalled(ns, pod, *since);
  return {};
}

}  // namespace telltale

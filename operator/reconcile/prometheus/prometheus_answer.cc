// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_answer.h"

#include <string>
#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxElement = 1u << 20;
constexpr std::size_t kMaxPools = 100;

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
  std::string resource, uid, endpoint, ns, health, error, url, pool;
  bool labelled = false;
  TELLTALE_TRY(target.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "health") Take(value, health);
    if (key == "lastError") Take(value, error);
    if (key == "scrapeUrl") Take(value, url);
    if (key == "scrapePool") Take(value, pool);
    if (key != "discoveredLabels") return {};
    return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
      labelled = true;
      if (label == "__meta_telltale_target") Take(text, resource);
      if (label == "__meta_telltale_pod_uid") Take(text, uid);
      if (label == "__meta_telltale_endpoint") Take(text, endpoint);
      if (label == "namespace") Take(text, ns);
      return {};
    });
  }));
  ++pools_.targets;
  if (!labelled) ++pools_.unlabelled;
  if (resource.empty()) {
    if (pools_.others.size() < kMaxPools) pools_.others.insert(std::move(pool));
    return {};
  }
  view_.Add(resource, uid, endpoint, ns, StateOf(health), error, url);
  if (pools_.ours.size() < kMaxPools) pools_.ours.insert(std::move(pool));
  return {};
}

Status PrometheusAnswer::ReadSeries(JsonValue series) {
  Series read;
  std::string sample;
  // A node agent names the pod whose output it reads by labels of their own.
  std::string log_ns, log_pod;
  TELLTALE_TRY(series.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "metric") {
      return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
        if (label == "namespace") Take(text, read.ns);
        if (label == "pod") Take(text, read.pod);
        if (label == "log_namespace") Take(text, log_ns);
        if (label == "log_pod") Take(text, log_pod);
        if (label == "reason") Take(text, read.reason);
        if (label == "instance") Take(text, read.instance);
        if (label == "job") Take(text, read.job);
        if (label == "target") Take(text, read.target);
        if (label == "path") Take(text, read.path);
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
  if (!log_pod.empty()) {
    read.ns = std::move(log_ns);
    read.pod = std::move(log_pod.append(kByNodeAgent));
  }
  // Up to a fraction.
  read.value = ParseInt(std::string_view(sample).substr(0, sample.find('.')));
  AddSeries(read);
  return {};
}

namespace {

// Of ".../pods/NAMESPACE_POD_UID/CONTAINER/0.log", as the kubelet names log files: namespace and
// pod, whose names have no "_". Empty when it is none.
std::pair<std::string_view, std::string_view> PodOfPath(std::string_view path) {
  constexpr std::string_view kPods = "/pods/";
  const std::size_t pods = path.rfind(kPods);
  if (pods == std::string_view::npos) return {};
  path.remove_prefix(pods + kPods.size());
  const auto parts = Split(path.substr(0, path.find('/')), '_');
  if (parts.size() != 3) return {};
  return {parts[0], parts[1]};
}

}  // namespace

void PrometheusAnswer::AddPromtail(const Series& read) {
  const auto [ns, pod] = PodOfPath(read.path);
  if (pod.empty()) return;
  const std::string name = std::string(pod).append(kByNodeAgent);
  if (kind_ == Kind::kPromtailPods) return view_.AddLogging(ns, name);
  view_.AddStalled(ns, name, 0);
}

void PrometheusAnswer::AddSeries(const Series& read) {
  switch (kind_) {
    case Kind::kActiveTargets:
      break;
    case Kind::kLoggingPods:
      return view_.AddLogging(read.ns, read.pod);
    case Kind::kForbiddenPods:
      return view_.AddForbidden(read.ns, read.pod);
    case Kind::kStalledPods:
      if (read.value) view_.AddStalled(read.ns, read.pod, *read.value);
      break;
    case Kind::kUnreadableFiles:
      return view_.AddUnreadable(read.ns, read.pod, read.reason);
    case Kind::kNoFiles:
      return view_.AddNoFiles(read.ns, read.pod);
    case Kind::kEmptyPages:
      return view_.AddEmpty(read.ns, read.pod, read.job, read.instance);
    case Kind::kRefusedConfigs:
      return view_.AddRefused(read.target, read.ns, read.pod);
    case Kind::kLowestGenerations:
      if (read.value) view_.AddGeneration(read.target, *read.value);
      break;
    case Kind::kNodeAgents:
      return view_.AddNodeAgent();
    case Kind::kPromtailPods:
    case Kind::kPromtailStalled:
      return AddPromtail(read);
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Pods as the watch delivers them: decoded, then planned and reported. What a pod says about
// itself must never end the operator, nor make discovery anything but JSON.
#include <string_view>

#include "common/base/check.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/target_status.h"
#include "operator/store/pod_record.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

std::shared_ptr<const MonitoringTarget> MakeTarget() {
  auto target = std::make_shared<MonitoringTarget>();
  target->meta.ns = "n";
  target->meta.name = "t";
  target->selector.match_all = true;
  target->metrics.emplace();
  Endpoint named, numbered;
  named.port.name = "http";
  numbered.port.number = 9090;
  numbered.container = "app";
  target->metrics->endpoints = {named, numbered};
  target->metrics->from_pod = {{"app", "from_app"}};
  target->sidecar.emplace();
  return target;
}

void ExpectJson(const std::string& json) {
  JsonParser parser;
  TELLTALE_CHECK(parser.Parse(json, [](JsonValue) { return Status(); }).ok());
}

}  // namespace

void FuzzOne(std::string_view json) {
  static const auto target = MakeTarget();
  auto pod = std::make_shared<Pod>();
  JsonParser parser;
  const Status read = parser.Parse(json, [&](JsonValue root) { return DecodePod(root, *pod); });
  // As the index reads it: without a copy, with memory of the pods before, and with the same
  // result.
  static Interner interner;
  static PodDecoder<std::string_view> decoder;
  static PodText text;
  PodRef record;
  const Status again = parser.Parse(json, [&](JsonValue root) {
    const Status decoded = decoder.Decode(root, text);
    if (decoded.ok()) record = PodRecord::Make(text, interner);
    return decoded;
  });
  TELLTALE_CHECK(again.ok() == read.ok());
  if (!read.ok()) {
    TELLTALE_CHECK(!read.error().message.empty());
    return;
  }
  TELLTALE_CHECK(record->Same(*pod));
  pod->meta.ns = "n";
  // The index keeps it as a record, and that is what is planned.
  record = PodRecord::Make(*pod, interner);
  const auto kept = std::make_shared<const Pod>(record->Expand());
  TELLTALE_CHECK(record->Same(*kept));
  TakenPages taken;
  std::vector<ScrapeTarget> scrapes;
  PlanPod(*target, *kept, true, taken, scrapes);
  for (const auto& scrape : scrapes) {
    std::string json;
    AppendHttpSd(scrape, json);
    ExpectJson(json);
  }
  const PrometheusView view;
  const PodView pods[] = {record->View()};
  ExpectJson(RenderTargetStatus({*target, pods, view, {}, 0}));
}

}  // namespace telltale

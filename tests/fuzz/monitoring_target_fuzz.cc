// SPDX-License-Identifier: Apache-2.0
//
// MonitoringTargets as an older or a missing schema would let them pass: whatever one of them says,
// every shared output stays readable.
#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/text/yaml_reader.h"
#include "operator/model/selection.h"
#include "operator/plan/configs/promtail_config.h"
#include "operator/plan/configs/sidecar_config.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_status.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

std::shared_ptr<const Pod> MakePod() {
  auto pod = std::make_shared<Pod>();
  pod->meta.ns = "n";
  pod->meta.name = "p";
  pod->meta.uid = "u";
  pod->meta.labels = {{"app", "shop"}, {"tier", "web"}};
  pod->phase = "Running";
  pod->ip = "fd00::1";
  pod->node = "node";
  Container app;
  app.name = "app";
  app.ports = {{"http", 80}};
  pod->containers = {app};
  return pod;
}

void ExpectJson(const std::string& json) {
  JsonParser parser;
  TELLTALE_CHECK(parser.Parse(json, [](JsonValue) { return Status(); }).ok());
}

// The same file for a reader that knows neither anchors nor aliases. No text in it has a line break
// of its own, so none begins a line.
std::string WithoutAliases(std::string_view yaml) {
  std::string out;
  while (!yaml.empty()) {
    const std::string_view line = yaml.substr(0, yaml.find('\n') + 1);
    yaml.remove_prefix(line.size());
    const std::size_t at = std::min(line.find_first_not_of(' '), line.size());
    const bool alias = line.substr(at).starts_with("- *"),
               anchor = line.substr(at).starts_with("- &");
    out += alias    ? std::string(at, ' ') + "- x\n"
           : anchor ? std::string(at, ' ') + "-\n"
                    : std::string(line);
  }
  return out;
}

// Regular expressions are bounded by their size here, because the configuration may be too large
// for the reader, whose limit is for configurations that people write.
void ExpectYaml(const std::string& yaml) {
  if (yaml.size() < (512u << 10)) TELLTALE_CHECK(ParseYaml(WithoutAliases(yaml)).ok());
}

}  // namespace

void FuzzOne(std::string_view text) {
  static const auto pod = MakePod();
  auto target = std::make_shared<MonitoringTarget>();
  JsonParser parser;
  const Status read =
      parser.Parse(text, [&](JsonValue root) { return DecodeMonitoringTarget(root, *target); });
  if (!read.ok()) TELLTALE_CHECK(!read.error().message.empty());
  target->meta.ns = "n";
  target->meta.name = "t";
  World world;
  world.targets = {target};
  auto ns = std::make_shared<Namespace>();
  ns->meta.name = "n";
  world.namespaces = {ns};
  world.trusted_namespaces = {"n"};
  PodView pod_view;
  pod_view.ns = pod->meta.ns;
  pod_view.name = pod->meta.name;
  pod_view.uid = pod->meta.uid;
  pod_view.phase = pod->phase;
  pod_view.ip = pod->ip;
  pod_view.containers = &pod->containers;
  TakenPages taken;
  std::vector<ScrapeTarget> scrapes;
  std::vector<PodView> matched;
  if (TargetSelects(*target, "n", pod->meta.labels, {}, world.trusted_namespaces)) {
    matched.push_back(pod_view);
    PlanPod(*target, *pod, true, taken, scrapes);
  }
  for (const auto& scrape : scrapes) {
    std::string json;
    AppendHttpSd(scrape, json);
    ExpectJson(json);
  }
  ExpectYaml(RenderPromtailConfig(world, {"http://127.0.0.1:3100"}));
  for (const auto& [name, keys] : PlanSidecarConfigs(world, {"http://127.0.0.1:3100"})) {
    for (const auto& [key, json] : keys) ExpectJson(json);
  }
  const PrometheusView view;
  const std::string status =
      RenderTargetStatus({*target, matched, view, world.trusted_namespaces, 0});
  ExpectJson(status);
  (void)StatusDiffers(target->status_json, status);
}

}  // namespace telltale

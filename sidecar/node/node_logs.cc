// SPDX-License-Identifier: Apache-2.0
#include "sidecar/node/node_logs.h"

#include <algorithm>
#include <iterator>

#include "common/text/yaml_reader.h"
#include "sidecar/config/checks.h"
#include "sidecar/config/decoder.h"
#include "sidecar/config/pod_info.h"
#include "sidecar/config/stage_decoder.h"
#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxStages = 64;  // as in a sidecar's configuration

std::string TextOf(const YamlNode& node, std::string_view key) {
  const YamlNode* found = node.Find(key);
  return found != nullptr && found->kind == YamlNode::Kind::kScalar ? found->scalar : "";
}

const std::vector<YamlNode>& ItemsOf(const YamlNode& node, std::string_view key) {
  static const std::vector<YamlNode> kNone;
  const YamlNode* found = node.Find(key);
  return found != nullptr ? found->items : kNone;
}

// Names become parts of a path and of a pattern, so only what Kubernetes allows in them is taken.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text[0] != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

// Compiles what can be compiled: a stage that cannot be is left out, with a problem.
std::shared_ptr<const Pipeline> CompileStages(const std::string& target, const PipelineSpec& spec,
                                              std::vector<std::string>& problems) {
  if (spec.stages.empty()) return nullptr;
  auto compiled = Pipeline::Compile(spec);
  if (compiled.ok()) return *compiled;
  PipelineSpec good;
  std::shared_ptr<const Pipeline> pipeline;
  for (const StageSpec& stage : spec.stages) {
    good.stages.push_back(stage);
    auto next = Pipeline::Compile(good);
    if (next.ok()) {
      pipeline = *next;
      continue;
    }
    good.stages.pop_back();
    problems.push_back(target + ": pipeline" + next.error().message + ": this stage is left out");
  }
  return pipeline;
}

std::shared_ptr<const Pipeline> DecodeStages(const std::string& target, const YamlNode& node,
                                             std::vector<std::string>& problems) {
  PipelineSpec spec;
  Decoder outer(target, problems);
  outer.Sequence(node, "pipeline", [&](const YamlNode& item, const std::string& path) {
    std::vector<std::string> wrong;
    PipelineSpec one;
    Decoder decoder(target, wrong);
    DecodeStage(decoder, item, path, one);
    if (wrong.empty()) {
      std::ranges::move(one.stages, std::back_inserter(spec.stages));
    } else {
      problems.push_back(wrong.front() + ": this stage is left out");
    }
  });
  if (spec.stages.size() > kMaxStages) {
    problems.push_back(target + ": pipeline has more than 64 stages: those after are left out");
    spec.stages.resize(kMaxStages);
  }
  return CompileStages(target, spec, problems);
}

std::shared_ptr<const NodeTarget> DecodeTarget(const YamlNode& node,
                                               std::vector<std::string>& problems) {
  auto target = std::make_shared<NodeTarget>();
  target->name = TextOf(node, "name");
  target->generation = ParseInt(TextOf(node, "generation")).value_or(0);
  const std::size_t before = problems.size();
  Decoder decoder(target->name, problems);
  if (const YamlNode* labels = node.Find("labels")) {
    decoder.StringMap(*labels, "labels", target->labels);
  }
  if (const YamlNode* tenant = node.Find("tenant")) {
    DecodeTenant(decoder, *tenant, "tenant", target->tenant);
  }
  target->usable = problems.size() == before;
  if (const YamlNode* pipeline = node.Find("pipeline")) {
    target->pipeline = DecodeStages(target->name, *pipeline, problems);
  }
  return target;
}

// False if a name could not be part of a path.
bool DecodePod(const YamlNode& node, NodePod& out) {
  out.ns = TextOf(node, "namespace");
  out.name = TextOf(node, "name");
  out.uid = TextOf(node, "uid");
  out.app = TextOf(node, "app");
  for (const YamlNode& item : ItemsOf(node, "containers")) {
    if (!IsName(item.scalar)) return false;
    out.containers.push_back(item.scalar);
  }
  return IsName(out.ns) && IsName(out.name) && IsName(out.uid);
}

}  // namespace

Result<NodeLogs> DecodeNodeLogs(std::string_view json) {
  auto root = ParseYaml(json);
  if (!root.ok()) return Context("the list of pods", root.error());
  const YamlNode* pods = root->Find("pods");
  if (pods == nullptr || pods->kind != YamlNode::Kind::kSequence) {
    return Fail(Code::kInvalid, "the list of pods has no \"pods\"");
  }
  NodeLogs out;
  std::vector<std::shared_ptr<const NodeTarget>> targets;
  for (const YamlNode& item : ItemsOf(*root, "targets")) {
    targets.push_back(DecodeTarget(item, out.problems));
  }
  for (const YamlNode& item : pods->items) {
    NodePod pod;
    const auto target = ParseInt(TextOf(item, "target"));
    const bool known = target && *target >= 0 && static_cast<std::size_t>(*target) < targets.size();
    if (!known || !DecodePod(item, pod)) {
      out.problems.push_back("the pod \"" + TextOf(item, "namespace") + "/" + TextOf(item, "name") +
                             "\" in the list of pods is not understood");
      continue;
    }
    pod.target = targets[static_cast<std::size_t>(*target)];
    out.pods.push_back(std::move(pod));
  }
  return out;
}

bool SameTarget(const NodeTarget& a, const NodeTarget& b) {
  // Does not compile when a field is added: then compare that one, too.
  const auto& [name, labels, tenant, pipeline, usable, generation] = a;
  const auto hash = [](const auto& p) { return p ? p->hash() : 0; };
  return name == b.name && labels == b.labels && tenant == b.tenant &&
         hash(pipeline) == hash(b.pipeline) && usable == b.usable && generation == b.generation;
}

std::vector<LogSource> NodeSources(const std::vector<NodePod>& pods, const Labels& common,
                                   const std::string& node, const std::string& directory,
                                   const std::vector<std::string>& link_targets) {
  std::vector<LogSource> sources;
  for (const NodePod& pod : pods) {
    PodInfo info{pod.name, pod.ns, pod.uid, node, "", {}, {}};
    if (!pod.app.empty()) info.labels = {{"app", pod.app}};
    for (const std::string& container : pod.containers) {
      info.container = container;
      LogSource& source = sources.emplace_back();
      source.include = {directory + "/" + pod.Folder() + "/" + container + "/*.log"};
      source.format =
          LogSource::Format::kAuto;  // containerd and CRI-O write CRI lines, Docker JSON
      source.link_targets = link_targets;
      source.labels = common;
      for (const auto& [name, value] : pod.target->labels) SetLabel(source.labels, name, value);
      for (const auto& [name, value] : IdentityLabels(info)) SetLabel(source.labels, name, value);
      std::erase_if(source.labels, [](const auto& label) { return label.second.empty(); });
      source.pipeline = pod.target->pipeline;
      source.tenant = pod.target->tenant;
      source.owners = {{pod.target->name, pod.ns, pod.name, pod.uid}};
    }
  }
  return sources;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/stage_decoder.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/strings.h"
#include "sidecar/config/stage_fields.h"
#include "sidecar/config/stage_hints.h"
#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

constexpr std::int64_t kMaxWaitMs = 3'600'000, kMaxAgeMs = 366LL * 24 * 3'600'000;
constexpr std::int64_t kMaxLineBytes = 1 << 20;

void Read(const StageOptions& in, JsonSpec& out) {
  in.Decode({in.Map("expressions", out.expressions), in.Text("source", out.source),
             in.Bool("dropMalformed", out.drop_malformed)});
}
void Read(const StageOptions& in, LogfmtSpec& out) {
  in.Decode({in.Map("mapping", out.mapping), in.Text("source", out.source)});
}
void Read(const StageOptions& in, RegexSpec& out) {
  in.Decode({in.Text("expression", out.expression), in.Text("source", out.source)});
}
void Read(const StageOptions& in, TimestampSpec& out) {
  std::string action = "fudge";
  in.Decode({in.Text("source", out.source), in.Text("format", out.format),
             in.Texts("fallbackFormats", out.fallback_formats), in.Text("location", out.location),
             in.Text("actionOnFailure", action)});
  out.fudge = action == "fudge";
  if (action != "fudge" && action != "skip") {
    in.decoder().Problem(
        in.node(), in.At("actionOnFailure") + " must be fudge or skip, but is \"" + action + "\"");
  }
}
void Read(const StageOptions& in, LabelsSpec& out) { in.Decode({in.Map("values", out.values)}); }
void Read(const StageOptions& in, MetadataSpec& out) { in.Decode({in.Map("values", out.values)}); }
void Read(const StageOptions& in, DropSpec& out) {
  std::int64_t older = -1, longer = -1;
  std::string source;
  in.Decode({in.Text("source", source),
             in.Texts("sources", out.sources),
             in.Text("separator", out.separator),
             in.Text("value", out.value),
             in.Text("expression", out.expression),
             in.Duration("olderThan", 0, kMaxAgeMs, older),
             {"longerThan",
              [&](const YamlNode& n) {
                in.decoder().Bytes(n, in.At("longerThan"), 0, kMaxLineBytes, longer);
              }},
             in.Text("dropCounterReason", out.reason)});
  if (!source.empty() && !out.sources.empty()) {
    in.decoder().Problem(in.node(), in.path() + " takes source or sources, not both");
  }
  if (!source.empty()) out.sources = {source};
  if (older >= 0) out.older_than_ms = older;
  if (longer >= 0) out.longer_than = longer;
}
void Read(const StageOptions& in, SampleSpec& out) {
  out.rate = -1;  // must be given
  in.Decode({in.Number("rate", out.rate), in.Text("dropCounterReason", out.reason)});
}
void Read(const StageOptions& in, LimitSpec& out) {
  in.Decode({in.Number("rate", out.rate), in.Whole("burst", out.burst), in.Bool("drop", out.drop)});
}
void Read(const StageOptions& in, ReplaceSpec& out) {
  in.Decode({in.Text("expression", out.expression), in.Text("source", out.source),
             in.Text("replace", out.replace)});
}

void ReadMetric(const StageOptions& in, MetricSpec& out) {
  std::string type, action;
  in.Decode({in.Text("name", out.name),
             in.Text("type", type),
             in.Text("description", out.description),
             in.Text("source", out.source),
             in.Text("prefix", out.prefix),
             in.Text("action", action),
             in.Text("value", out.value),
             in.Bool("matchAll", out.match_all),
             in.Bool("countEntryBytes", out.count_bytes),
             in.Duration("maxIdle", 1'000, kMaxAgeMs, out.max_idle_ms),
             {"buckets", [&](const YamlNode& n) {
                in.decoder().Sequence(n, in.At("buckets"),
                                      [&](const YamlNode& item, const std::string& path) {
                                        in.decoder().Number(item, path, out.buckets.emplace_back());
                                      });
              }}});
  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  constexpr std::string_view kActions[] = {"inc", "dec", "add", "sub", "set"};
  bool known_type = false, known_action = type == "histogram" && action.empty();
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (type != kTypes[i]) continue;
    out.type = static_cast<MetricSpec::Type>(i);
    known_type = true;
  }
  for (std::size_t i = 0; i < std::size(kActions); ++i) {
    if (action != kActions[i]) continue;
    out.action = static_cast<MetricSpec::Action>(i);
    known_action = true;
  }
  if (!known_type) {
    in.decoder().Problem(in.node(), in.At("type") + " must be counter, gauge or histogram");
  } else if (!known_action) {
    in.decoder().Problem(in.node(), in.At("action") + " must be inc, dec, add, sub or set");
  }
}
void Read(const StageOptions& in, MetricsStageSpec& out) {
  in.decoder().Sequence(in.node(), in.path(), [&](const YamlNode& item, const std::string& path) {
    ReadMetric(StageOptions(in.decoder(), item, path), out.metrics.emplace_back());
  });
}

void Read(const StageOptions& in, AlertSpec& out) {
  in.Decode({in.Text("name", out.name), in.Text("source", out.source),
             in.Text("expression", out.expression), in.Map("labels", out.labels),
             in.Map("annotations", out.annotations),
             in.Duration("quiet", 1'000, kMaxAgeMs, out.quiet_ms),
             in.Duration("maxAge", 0, kMaxAgeMs, out.max_age_ms)});
}
void Read(const StageOptions& in, MultilineSpec& out) {
  in.Decode({in.Text("firstline", out.firstline),
             in.Duration("maxWait", 1, kMaxWaitMs, out.max_wait_ms),
             in.Whole("maxLines", out.max_lines)});
}

void Read(const StageOptions& in, OutputSpec& out) { in.Decode({in.Text("source", out.source)}); }
void Read(const StageOptions& in, TemplateSpec& out) {
  in.Decode({in.Text("source", out.source), in.Text("template", out.text)});
}
void Read(const StageOptions& in, LabelDropSpec& out) {
  if (in.node().kind == YamlNode::Kind::kSequence) {
    in.decoder().Problem(in.node(), in.path() + " must be a map: write labelDrop: {names: [...]}");
    return;
  }
  in.Decode({in.Texts("names", out.names)});
}
void Read(const StageOptions& in, DecolorizeSpec&) { in.Decode({}); }

void ReadList(Decoder& decoder, const YamlNode& node, const std::string& path,
              std::vector<StageSpec>& out);

void Read(const StageOptions& in, MatchSpec& out) {
  std::string action = "keep";
  std::vector<StageSpec> stages;
  in.Decode(
      {in.Text("selector", out.selector),
       in.Text("action", action),
       in.Text("dropCounterReason", out.reason),
       {"stages", [&](const YamlNode& n) { ReadList(in.decoder(), n, in.At("stages"), stages); }}});
  out.drop = action == "drop";
  for (StageSpec& stage : stages) out.stages.push_back({std::move(stage)});
  if (action != "keep" && action != "drop") {
    in.decoder().Problem(in.node(),
                         in.At("action") + " must be keep or drop, but is \"" + action + "\"");
  }
}

// True for replace and for a match with one: leaving it out would send what it should hide.
bool Hides(const StageSpec& stage) {
  const auto* match = std::get_if<MatchSpec>(&stage);
  if (match == nullptr) return std::holds_alternative<ReplaceSpec>(stage);
  return std::ranges::any_of(match->stages,
                             [](const NestedStage& nested) { return Hides(nested.stage); });
}

template <class Spec>
bool ReadIf(Decoder& decoder, std::string_view name, const YamlNode& node, const std::string& path,
            std::vector<StageSpec>& out) {
  Spec spec;
  if (name != StageName(StageSpec(spec))) return false;
  const std::size_t before = decoder.unknown_count();
  Read(StageOptions(decoder, node, path + "." + std::string(name)), spec);
  // An option that is not known may change what the stage means, so it is left out with it.
  StageSpec stage(std::move(spec));
  const bool keep = decoder.unknown_count() == before || Hides(stage);
  if (keep) out.emplace_back(std::move(stage));
  return true;
}

template <class... Specs>
std::vector<std::string> NamesOf(const std::variant<Specs...>*) {
  return {std::string(StageName(StageSpec(Specs{})))...};
}

template <class... Specs>
bool ReadAny(Decoder& decoder, std::string_view name, const YamlNode& node, const std::string& path,
             std::vector<StageSpec>& out, const std::variant<Specs...>*) {
  return (ReadIf<Specs>(decoder, name, node, path, out) || ...);
}

constexpr const StageSpec* kAnyStage = nullptr;

void ReadOne(Decoder& decoder, const YamlNode& node, const std::string& path,
             std::vector<StageSpec>& out) {
  if (node.kind != YamlNode::Kind::kMap || node.fields.size() != 1) {
    decoder.Problem(node,
                    path + " must be one stage, such as \"json: {expressions: {level: ''}}\"");
    return;
  }
  const auto& [name, value] = node.fields[0];
  if (ReadAny(decoder, name, value, path, out, kAnyStage)) return;
  decoder.Unknown(value, UnknownKey(name, path, StageHint(name, value), NamesOf(kAnyStage)));
}

void ReadList(Decoder& decoder, const YamlNode& node, const std::string& path,
              std::vector<StageSpec>& out) {
  decoder.Sequence(node, path, [&](const YamlNode& item, const std::string& item_path) {
    ReadOne(decoder, item, item_path, out);
  });
}

// Leaves out each stage that does not compile alone, unless it hides something.
void RemoveBroken(Decoder& decoder, const YamlNode& node, const std::string& path,
                  PipelineSpec& spec) {
  std::erase_if(spec.stages, [&](const StageSpec& stage) {
    if (Hides(stage)) return false;
    auto alone = Pipeline::Compile({{stage}});
    if (!alone) decoder.Unknown(node, path + ": " + alone.error().message);
    return !alone;
  });
}

}  // namespace

void DecodeStages(Decoder& decoder, const YamlNode& node, const std::string& path,
                  PipelineSpec& out) {
  const std::size_t before = decoder.count();
  ReadList(decoder, node, path, out.stages);
  if (decoder.count() != before) return;
  if (decoder.tolerant()) RemoveBroken(decoder, node, path, out);
  CheckPipeline(decoder, node, path, out);
}

void DecodeStage(Decoder& decoder, const YamlNode& node, const std::string& path,
                 PipelineSpec& out) {
  ReadOne(decoder, node, path, out.stages);
}

void DecodeMultiline(Decoder& decoder, const YamlNode& node, const std::string& path,
                     PipelineSpec& out) {
  if (node.kind == YamlNode::Kind::kNull ||
      (node.kind == YamlNode::Kind::kMap && node.fields.empty())) {
    return;
  }
  MultilineSpec spec;
  Read(StageOptions(decoder, node, path), spec);
  out.stages.insert(out.stages.begin(), std::move(spec));
}

void CheckPipeline(Decoder& decoder, const YamlNode& node, const std::string& path,
                   const PipelineSpec& spec) {
  if (spec.stages.size() > 64) {
    decoder.Problem(node, path + " must have at most 64 stages");
    return;
  }
  if (auto compiled = Pipeline::Compile(spec); !compiled) {
    decoder.Problem(node, path + compiled.error().message);
  }
}

}  // namespace telltale

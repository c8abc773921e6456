// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/stage_decoder.h"

#include <utility>

#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

constexpr std::int64_t kMaxWaitMs = 3'600'000, kMaxAgeMs = 366LL * 24 * 3'600'000;
constexpr std::int64_t kMaxLineBytes = 1 << 20;

// Fields of one stage: what is read, and into what.
class StageFields {
 public:
  StageFields(Decoder& decoder, const YamlNode& node, std::string path)
      : decoder_(decoder), node_(node), path_(std::move(path)) {}

  std::string At(std::string_view key) const { return path_ + "." + std::string(key); }

  Decoder::Field Text(std::string_view key, std::string& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.String(n, At(key), out); }};
  }
  Decoder::Field Text(std::string_view key, std::optional<std::string>& out) const {
    return {key,
            [this, key, &out](const YamlNode& n) { decoder_.String(n, At(key), out.emplace()); }};
  }
  Decoder::Field Texts(std::string_view key, std::vector<std::string>& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.StringList(n, At(key), out); }};
  }
  Decoder::Field Map(std::string_view key, Labels& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.StringMap(n, At(key), out); }};
  }
  Decoder::Field Bool(std::string_view key, bool& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.Bool(n, At(key), out); }};
  }
  Decoder::Field Duration(std::string_view key, std::int64_t min, std::int64_t max,
                          std::int64_t& out) const {
    return {key, [this, key, min, max, &out](const YamlNode& n) {
              decoder_.DurationMs(n, At(key), min, max, out);
            }};
  }
  Decoder::Field Number(std::string_view key, double& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.Number(n, At(key), out); }};
  }
  Decoder::Field Whole(std::string_view key, std::int64_t& out) const {
    return {key, [this, key, &out](const YamlNode& n) {
              double number = 0;
              decoder_.Number(n, At(key), number);
              if (number < 0 || number > 1e9 ||
                  number != static_cast<double>(static_cast<std::int64_t>(number))) {
                decoder_.Problem(n, At(key) + " must be a whole number, from 0 to 1000000000");
              } else {
                out = static_cast<std::int64_t>(number);
              }
            }};
  }
  void Decode(std::initializer_list<Decoder::Field> fields) const {
    decoder_.Map(node_, path_, fields);
  }

  Decoder& decoder() const { return decoder_; }
  const YamlNode& node() const { return node_; }
  const std::string& path() const { return path_; }

 private:
  Decoder& decoder_;
  const YamlNode& node_;
  std::string path_;
};

void Read(const StageFields& in, JsonSpec& out) {
  in.Decode({in.Map("expressions", out.expressions), in.Text("source", out.source),
             in.Bool("dropMalformed", out.drop_malformed)});
}
void Read(const StageFields& in, LogfmtSpec& out) {
  in.Decode({in.Map("mapping", out.mapping), in.Text("source", out.source)});
}
void Read(const StageFields& in, RegexSpec& out) {
  in.Decode({in.Text("expression", out.expression), in.Text("source", out.source)});
}
void Read(const StageFields& in, TimestampSpec& out) {
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
void Read(const StageFields& in, LabelsSpec& out) { in.Decode({in.Map("values", out.values)}); }
void Read(const StageFields& in, MetadataSpec& out) { in.Decode({in.Map("values", out.values)}); }
void Read(const StageFields& in, DropSpec& out) {
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
void Read(const StageFields& in, SampleSpec& out) {
  in.Decode({in.Number("rate", out.rate), in.Text("dropCounterReason", out.reason)});
}
void Read(const StageFields& in, LimitSpec& out) {
  in.Decode({in.Number("rate", out.rate), in.Whole("burst", out.burst), in.Bool("drop", out.drop)});
}
void Read(const StageFields& in, ReplaceSpec& out) {
  in.Decode({in.Text("expression", out.expression), in.Text("source", out.source),
             in.Text("replace", out.replace)});
}

void ReadMetric(const StageFields& in, MetricSpec& out) {
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
void Read(const StageFields& in, MetricsSpec& out) {
  in.decoder().Sequence(in.node(), in.path(), [&](const YamlNode& item, const std::string& path) {
    ReadMetric(StageFields(in.decoder(), item, path), out.metrics.emplace_back());
  });
}

void Read(const StageFields& in, AlertSpec& out) {
  in.Decode({in.Text("name", out.name), in.Text("source", out.source),
             in.Text("expression", out.expression), in.Map("labels", out.labels),
             in.Map("annotations", out.annotations),
             in.Duration("quiet", 1'000, kMaxAgeMs, out.quiet_ms),
             in.Duration("maxAge", 0, kMaxAgeMs, out.max_age_ms)});
}
void Read(const StageFields& in, MultilineSpec& out) {
  in.Decode({in.Text("firstline", out.firstline),
             in.Duration("maxWait", 1, kMaxWaitMs, out.max_wait_ms),
             in.Whole("maxLines", out.max_lines)});
}

template <class Spec>
Decoder::Field StageField(Decoder& decoder, const std::string& path, PipelineSpec& out) {
  static const std::string_view name = StageName(StageSpec(Spec{}));
  return {name, [&decoder, &path, &out](const YamlNode& node) {
            Spec spec;
            Read(StageFields(decoder, node, path + "." + std::string(name)), spec);
            out.stages.emplace_back(std::move(spec));
          }};
}

}  // namespace

void DecodeStage(Decoder& decoder, const YamlNode& node, const std::string& path,
                 PipelineSpec& out) {
  const auto field = [&]<class Spec>(Spec) { return StageField<Spec>(decoder, path, out); };
  decoder.Map(node, path,
              {field(JsonSpec{}), field(LogfmtSpec{}), field(RegexSpec{}), field(TimestampSpec{}),
               field(LabelsSpec{}), field(MetadataSpec{}), field(DropSpec{}), field(SampleSpec{}),
               field(LimitSpec{}), field(ReplaceSpec{}), field(MetricsSpec{}), field(AlertSpec{}),
               field(MultilineSpec{})});
  if (node.kind == YamlNode::Kind::kNull ||
      (node.kind == YamlNode::Kind::kMap && node.fields.size() != 1)) {
    decoder.Problem(node,
                    path + " must be one stage, such as \"json: {expressions: {level: ''}}\"");
  }
}

void DecodeMultiline(Decoder& decoder, const YamlNode& node, const std::string& path,
                     PipelineSpec& out) {
  if (node.kind == YamlNode::Kind::kNull ||
      (node.kind == YamlNode::Kind::kMap && node.fields.empty())) {
    return;
  }
  MultilineSpec spec;
  Read(StageFields(decoder, node, path), spec);
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

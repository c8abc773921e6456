// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "common/base/origin_labels.h"
#include "operator/model/decode.h"
#include "operator/model/monitoring_target.h"
#include "operator/model/paths.h"
#include "operator/model/pipeline_stage.h"
#include "operator/model/stage_check.h"

namespace telltale {
namespace {

using Source = LogsSpec::Source;
using Collector = LogsSpec::Collector;

// What names a stream; the sidecar and Promtail set these.
constexpr std::array<std::string_view, 8> kProtected = {
    "app", "cluster", "container", "filename", "namespace", "node", "pod", kTargetLabel};

// The sidecar keeps its own files there (plan/injection/log_mounts.cc).
constexpr std::array<std::string_view, 2> kReserved = {"/etc/telltale", "/var/lib/telltale"};

Status DecodeGlobs(JsonValue value, std::vector<std::string>& out) {
  out.clear();
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::string glob;
    TELLTALE_TRY(decode::Text(item, glob));
    if (glob.empty() || glob.starts_with('/') || HasDotDot(glob)) {
      return decode::Wrong("must be a pattern inside the directory, such as *.log");
    }
    out.push_back(std::move(glob));
    return {};
  });
}

// A container's name is a label of DNS (RFC 1123).
Status DecodeContainerNames(JsonValue value, std::vector<std::string>& out) {
  out.clear();
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::string name;
    TELLTALE_TRY(decode::Text(item, name));
    if (!IsScrapeClass(name)) {
      return decode::Wrong(
          "must be the name of a container, no pattern: 1 to 63 lower case letters, digits and -");
    }
    out.push_back(std::move(name));
    return {};
  });
}

Status DecodeContainers(JsonValue value, LogsSpec& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "include") return DecodeContainerNames(member, out.containers);
    if (key == "exclude") return DecodeContainerNames(member, out.exclude_containers);
    return {};
  }));
  const bool none = std::ranges::all_of(out.containers, [&](const std::string& name) {
    return std::ranges::find(out.exclude_containers, name) != out.exclude_containers.end();
  });
  if (out.containers.empty() || !none) return {};
  return decode::Wrong("reads nothing: every name of include is in exclude, too");
}

Status DecodeLogLabels(JsonValue value, Labels& out) {
  TELLTALE_TRY(DecodeStringMap(value, out));
  for (const auto& [name, text] : out) TELLTALE_TRY(CheckStreamLabel(name));
  return {};
}

// Loki's own rule (dskit's tenant.ValidTenantID). It becomes a header of every push.
Status DecodeTenant(JsonValue value, std::string& out) {
  constexpr std::size_t kLongest = 150;
  constexpr std::string_view kOthers = "!-_.*'()";
  TELLTALE_TRY(decode::Text(value, out));
  const bool good = std::ranges::all_of(out, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
  if (good && out.size() <= kLongest && out != "." && out != "..") return {};
  return decode::Wrong(
      "must be the name of a tenant in Loki: at most 150 letters, digits and !-_.*'()");
}

template <class T>
Status DecodeChoice(JsonValue value, std::string_view first, T if_first, std::string_view second,
                    T if_second, std::optional<T>& out) {
  std::string text;
  TELLTALE_TRY(decode::Text(value, text));
  if (text.empty()) return {};
  if (text != first && text != second) {
    return decode::Wrong("must be " + std::string(first) + " or " + std::string(second));
  }
  out = text == first ? if_first : if_second;
  return {};
}

bool HasAlert(const std::vector<PipelineStage>& stages) {
  return std::ranges::any_of(stages, [](const PipelineStage& stage) {
    const StageField* nested = stage.Find("stages");
    return stage.kind == PipelineStage::Kind::kAlert ||
           (nested != nullptr && HasAlert(nested->stages));
  });
}

Status CheckCombination(const LogsSpec& logs) {
  const bool files = logs.source == Source::kFiles;
  if (files && logs.collector == Collector::kNode) {
    return decode::Wrong("takes source: Files only with collector: Sidecar");
  }
  if (files && logs.directory.empty()) {
    return decode::In(
        "files",
        decode::In(
            "directory",
            decode::Wrong(
                "is required with source: Files: the folder that the application logs into")));
  }
  if (files && !(logs.containers.empty() && logs.exclude_containers.empty())) {
    return decode::In(
        "containers",
        decode::Wrong("belongs to source: Stdout; files are chosen by files.include"));
  }
  const bool node = logs.collector == Collector::kNode;
  if (node && HasAlert(logs.pipeline)) {
    return decode::In("pipeline", decode::Wrong("takes alert only with collector: Sidecar"));
  }
  for (std::size_t i = 0; i < logs.pipeline.size(); ++i) {
    const auto kind = logs.pipeline[i].kind;
    if (!node && i > 0 && kind == PipelineStage::Kind::kMultiline) {
      return decode::In("pipeline", decode::Wrong("takes multiline only as its first stage"));
    }
  }
  return {};
}

}  // namespace

Status DecodeSharedDirectory(JsonValue value, std::string& out) {
  std::string text;
  TELLTALE_TRY(decode::Text(value, text));
  if (!text.starts_with('/')) return decode::Wrong("must be an absolute path");
  if (HasDotDot(text)) return decode::Wrong("must not contain ..");
  if (text.find(':') != std::string::npos) return decode::Wrong("must not contain a colon");
  if (text.find_first_of("*?") != std::string::npos) {
    return decode::Wrong("is one folder and no pattern: put the pattern into include");
  }
  out = NormalisedPath(text);
  if (out.empty()) return decode::Wrong("must not be /: name the folder of the log files");
  for (const auto reserved : kReserved) {
    if (PathContains(reserved, out) || PathContains(out, reserved)) {
      return decode::Wrong("must not hold or lie in " + std::string(reserved) +
                           ", which the sidecar uses");
    }
  }
  if (IsNeverLogFolder(out)) {
    return decode::Wrong(
        "lies in a folder of the system, which holds no logs: name the folder of "
        "the log files, such as /var/log/shop");
  }
  return {};
}

Status CheckStreamLabel(std::string_view name) { return decode::UserLabel(name, kProtected); }

Status DecodeLogsSpec(JsonValue value, LogsSpec& out) {
  std::optional<Source> source;
  std::optional<Collector> collector;
  std::optional<PipelineStage> multiline;
  std::string_view pipeline, multiline_text;  // as they stand in the document
  out.include = {"*.log"};
  auto files = [&](std::string_view key, JsonValue member) -> Status {
    if (key == "directory") return DecodeSharedDirectory(member, out.directory);
    if (key == "include") return DecodeGlobs(member, out.include);
    if (key == "exclude") return DecodeGlobs(member, out.exclude);
    return {};
  };
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "source") {
      return DecodeChoice(member, "Files", Source::kFiles, "Stdout", Source::kStdout, source);
    }
    if (key == "collector") {
      return DecodeChoice(member, "Sidecar", Collector::kSidecar, "Node", Collector::kNode,
                          collector);
    }
    if (key == "files") return decode::Fields(member, files);
    if (key == "containers") return DecodeContainers(member, out);
    if (key == "labels") return DecodeLogLabels(member, out.labels);
    if (key == "tenant") return DecodeTenant(member, out.tenant);
    if (key == "multiline" && member.type() != JsonValue::Type::kNull) {
      const auto raw = member.Raw();
      if (!raw) return decode::Wrong("is malformed");
      multiline_text = *raw;
      return JsonParser().Parse(multiline_text, [&](JsonValue stage) {
        return DecodeMultiline(stage, multiline.emplace());
      });
    }
    if (key != "pipeline") return {};
    const auto stages = [&](JsonValue list) {
      return decode::Elements(list, [&](JsonValue item) -> Status {
        return DecodePipelineStage(item, out.pipeline.emplace_back());
      });
    };
    if (member.type() != JsonValue::Type::kArray) return stages(member);
    const auto raw = member.Raw();
    if (!raw) return decode::Wrong("is malformed");
    pipeline = *raw;
    return JsonParser().Parse(pipeline, stages);
  }));
  if (multiline) {
    const auto& stages = out.pipeline;
    if (!stages.empty() && stages[0].kind == PipelineStage::Kind::kMultiline) {
      return decode::In("multiline", decode::Wrong("is a stage of pipeline, too: remove one"));
    }
    out.pipeline.insert(out.pipeline.begin(), std::move(*multiline));
  }
  out.source = source.value_or(Source::kFiles);
  out.collector =
      collector.value_or(out.source == Source::kFiles ? Collector::kSidecar : Collector::kNode);
  TELLTALE_TRY(CheckCombination(out));
  return CheckForSidecar(pipeline, multiline_text, out.labels);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/sidecar_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/net/http/url.h"
#include "sidecar/config/checks.h"
#include "sidecar/config/decoder.h"
#include "sidecar/config/logs_checks.h"
#include "sidecar/config/stage_decoder.h"
#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

// Bounds that keep a typing error from becoming load: a cycle every millisecond, a batch that Loki
// can never accept (its default burst is 6 MB).
constexpr std::int64_t kMinIntervalMs = 1'000, kMaxIntervalMs = 3'600'000;
constexpr std::int64_t kMinIgnoreOlderMs = 60'000, kMaxIgnoreOlderMs = 10LL * 365 * 86'400'000;
constexpr std::int64_t kMinOpenFiles = 16, kMaxOpenFiles = 1'000'000;
constexpr std::int64_t kMinDeleted = 1 << 20, kMaxDeleted = std::int64_t{1} << 50;
constexpr std::size_t kMaxLabelValue = 2048;  // Loki's max_label_value_length

constexpr std::string_view kFirstStage = "[0].multiline";

void DecodeLabels(Decoder& decoder, const YamlNode& node, const std::string& path, Labels& out) {
  decoder.StringMap(node, path, out);
  for (const auto& [name, value] : out) {
    const YamlNode* where = node.Find(name);
    const YamlNode& at = where != nullptr ? *where : node;
    if (!IsLabelName(name) || name.starts_with("__")) {
      decoder.Problem(at, path + " has the name \"" + name +
                              "\", but a label name has letters, digits and underscores, starts "
                              "with no digit and not with two underscores");
    } else if (name == "filename") {
      decoder.Problem(at, path + " must not set filename: it is the path of the log file");
    }
    std::string valid;
    AppendValidUtf8(value, valid);
    if (valid != value || value.size() > kMaxLabelValue) {
      decoder.Problem(at, path + "." + name + " must be UTF-8 of at most 2048 bytes");
    }
    decoder.WarnOfVariable(at, path + "." + name, value);
  }
}

void DecodeGlobs(Decoder& decoder, const YamlNode& node, const std::string& path,
                 std::vector<std::string>& out) {
  decoder.StringList(node, path, out);
  for (const YamlNode& item : node.items) {
    CheckPattern(decoder, item, path, item.scalar);
  }
}

void DecodeFormat(Decoder& decoder, const YamlNode& node, const std::string& path, LogFormat& out) {
  std::string name;
  decoder.String(node, path, name);
  if (name == "auto" || name.empty()) {
    out = LogFormat::kAuto;
  } else if (name == "cri") {
    out = LogFormat::kCri;
  } else if (name == "docker") {
    out = LogFormat::kDocker;
  } else if (name == "plain") {
    out = LogFormat::kPlain;
  } else {
    decoder.Problem(node, path + " must be auto, cri, docker or plain, but is \"" + name + "\"");
  }
}

void DecodeOutput(Decoder& decoder, const YamlNode& node, const std::string& path,
                  LogFilesConfig& out) {
  const auto names = [&](const std::string& key, std::vector<std::string>& to) {
    return [&decoder, path = path + "." + key, &to](const YamlNode& list) {
      to.clear();
      decoder.Sequence(list, path, [&](const YamlNode& item, const std::string& at) {
        decoder.String(item, at, to.emplace_back());
        if (to.back().empty()) decoder.Problem(item, at + " must be the name of a container");
      });
    };
  };
  decoder.Map(node, path,
              {{"include", names("include", out.containers)},
               {"exclude", names("exclude", out.exclude_containers)}});
}

void DecodeLogs(Decoder& decoder, const YamlNode& node, const std::string& path,
                LogFilesConfig& out) {
  const std::size_t before = decoder.count();
  const YamlNode* multiline = nullptr;
  const YamlNode* include = nullptr;
  decoder.Map(
      node, path,
      {{"files",
        [&](const YamlNode& files) {
          decoder.Map(files, path + ".files",
                      {{"include",
                        [&](const YamlNode& n) {
                          include = &n;
                          DecodeGlobs(decoder, n, path + ".files.include", out.include);
                        }},
                       {"ignoreOlder",
                        [&](const YamlNode& n) {
                          decoder.DurationMs(n, path + ".files.ignoreOlder", kMinIgnoreOlderMs,
                                             kMaxIgnoreOlderMs, out.ignore_older_ms);
                        }},
                       {"exclude", [&](const YamlNode& n) {
                          DecodeGlobs(decoder, n, path + ".files.exclude", out.exclude);
                        }}});
        }},
       {"stdout",
        [&](const YamlNode& n) {
          DecodeOutput(decoder, n, path + ".stdout", out);
          out.output = true;
        }},
       {"format",
        [&](const YamlNode& n) { DecodeFormat(decoder, n, path + ".format", out.format); }},
       {"labels",
        [&](const YamlNode& n) { DecodeLabels(decoder, n, path + ".labels", out.labels); }},
       {"tenant",
        [&](const YamlNode& n) { DecodeTenant(decoder, n, path + ".tenant", out.tenant); }},
       {"maxLineSize",
        [&](const YamlNode& n) {
          decoder.Bytes(n, path + ".maxLineSize", kMinLineBytes, kMaxLineBytes, out.max_line_bytes);
        }},
       {"multiline", [&](const YamlNode& n) { multiline = &n; }},
       {"pipeline",
        [&](const YamlNode& n) { DecodeStages(decoder, n, path + ".pipeline", out.pipeline); }}});
  if (multiline != nullptr) {
    const PipelineSpec stages = std::exchange(out.pipeline, {});
    DecodeMultiline(decoder, *multiline, path + ".multiline", out.pipeline);
    if (!out.pipeline.stages.empty() && decoder.count() == before) {
      if (auto alone = Pipeline::Compile(out.pipeline); !alone) {
        decoder.Problem(*multiline,
                        path + ".multiline" + alone.error().message.substr(kFirstStage.size()));
      }
    }
    out.pipeline.stages.insert(out.pipeline.stages.end(), stages.stages.begin(),
                               stages.stages.end());
    if (out.pipeline.stages.size() > 1 &&
        std::holds_alternative<MultilineSpec>(out.pipeline.stages[1])) {
      decoder.Problem(*multiline, path + " has multiline and a stage multiline: remove one");
    }
  }
  if (out.output && !out.include.empty()) {
    decoder.Problem(node, path + " has files and stdout: make two entries");
  }
  const bool wrong_type = include != nullptr && include->kind != YamlNode::Kind::kNull &&
                          include->kind != YamlNode::Kind::kSequence;
  if (out.include.empty() && !out.output && !wrong_type) {
    decoder.Problem(node, path + ".files.include must name at least one file or pattern");
  }
}

void DecodeReload(Decoder& decoder, const YamlNode& node, const std::string& path,
                  ReloadConfig& out) {
  decoder.Map(node, path,
              {{"watch",
                [&](const YamlNode& n) {
                  decoder.String(n, path + ".watch", out.watch);
                  CheckAbsolutePath(decoder, n, path + ".watch", out.watch);
                }},
               {"url",
                [&](const YamlNode& n) {
                  decoder.String(n, path + ".url", out.url);
                  CheckUrl(decoder, n, path + ".url", out.url);
                }},
               {"copy", [&](const YamlNode& n) {
                  decoder.String(n, path + ".copy", out.copy);
                  CheckAbsolutePath(decoder, n, path + ".copy", out.copy);
                }}});
  if (!out.copy.empty() && out.copy == out.watch) {
    decoder.Problem(node, path + ".copy must be another file than watch");
  }
  if (out.watch.empty() || out.url.empty()) {
    decoder.Problem(
        node, path + " needs watch, a file, and url, which gets a POST when the file changes");
  }
}

void DecodePods(Decoder& decoder, const YamlNode& node, PodsConfig& out) {
  decoder.Map(node, "pods",
              {{"operator",
                [&](const YamlNode& n) {
                  decoder.String(n, "pods.operator", out.operator_url);
                  CheckUrl(decoder, n, "pods.operator", out.operator_url);
                }},
               {"operatorTokenFile",
                [&](const YamlNode& n) {
                  decoder.String(n, "pods.operatorTokenFile", out.operator_token_file);
                  CheckAbsolutePath(decoder, n, "pods.operatorTokenFile", out.operator_token_file);
                }},
               {"directory",
                [&](const YamlNode& n) {
                  decoder.String(n, "pods.directory", out.directory);
                  CheckAbsolutePath(decoder, n, "pods.directory", out.directory);
                }},
               {"linkTargets", [&](const YamlNode& n) {
                  decoder.StringList(n, "pods.linkTargets", out.link_targets);
                  for (std::string& directory : out.link_targets) {
                    CheckAbsolutePath(decoder, n, "pods.linkTargets", directory);
                    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
                  }
                }}});
  while (out.directory.size() > 1 && out.directory.back() == '/') out.directory.pop_back();
}

void DecodeLogLimits(Decoder& decoder, const YamlNode& node, LogLimitsConfig& out) {
  const auto open_files = [&](const YamlNode& n) {
    double number = 0;
    const std::size_t before = decoder.count();
    decoder.Number(n, "logLimits.openFiles", number);
    if (decoder.count() != before) return;
    out.open_files = static_cast<std::int64_t>(number);
    if (out.open_files < kMinOpenFiles || out.open_files > kMaxOpenFiles) {
      decoder.Problem(n, "logLimits.openFiles must be 16 to 1000000, but is " + n.scalar);
    }
  };
  decoder.Map(node, "logLimits",
              {{"openFiles", open_files}, {"deletedBytes", [&](const YamlNode& n) {
                                             decoder.Bytes(n, "logLimits.deletedBytes", kMinDeleted,
                                                           kMaxDeleted, out.deleted_bytes);
                                           }}});
}

void DecodeListen(Decoder& decoder, const YamlNode& node, std::string& out) {
  decoder.String(node, "listen", out);
  if (out.empty()) return;
  if (auto listen = ParseHostPort(out); !listen.ok()) {
    decoder.Problem(node, "listen must be ADDRESS:PORT such as 127.0.0.1:9847 or :9847: " +
                              listen.error().message);
  }
}

}  // namespace

SidecarConfig DecodeSidecarConfig(const YamlNode& root, std::string_view file,
                                  std::vector<std::string>& problems,
                                  std::vector<std::string>* warnings, FileProbe probe,
                                  std::vector<std::string>* unknown) {
  Decoder decoder(file, problems, warnings, std::move(probe));
  if (unknown != nullptr) decoder.Tolerate(*unknown);
  SidecarConfig out;
  std::string version;
  decoder.Map(
      root, "",
      {{"version", [&](const YamlNode& n) { decoder.String(n, "version", version); }},
       {"listen", [&](const YamlNode& n) { DecodeListen(decoder, n, out.listen); }},
       {"interval",
        [&](const YamlNode& n) {
          decoder.DurationMs(n, "interval", kMinIntervalMs, kMaxIntervalMs, out.interval_ms);
        }},
       {"logCycle", [&](const YamlNode& n) { decoder.Bool(n, "logCycle", out.log_cycle); }},
       {"state",
        [&](const YamlNode& n) {
          decoder.String(n, "state", out.state_dir);
          CheckAbsolutePath(decoder, n, "state", out.state_dir);
          decoder.WarnIfNoFolder(n, "state", out.state_dir);
        }},
       {"labels", [&](const YamlNode& n) { DecodeLabels(decoder, n, "labels", out.labels); }},
       {"loki", [&](const YamlNode& n) { DecodeLoki(decoder, n, out.loki); }},
       {"alertmanager",
        [&](const YamlNode& n) { DecodeAlertmanager(decoder, n, out.alertmanager); }},
       {"logs",
        [&](const YamlNode& n) {
          decoder.Sequence(n, "logs", [&](const YamlNode& item, const std::string& path) {
            DecodeLogs(decoder, item, path, out.logs.emplace_back());
          });
        }},
       {"logLimits", [&](const YamlNode& n) { DecodeLogLimits(decoder, n, out.log_limits); }},
       {"collectors",
        [&](const YamlNode& n) {
          DecodeCollectors(decoder, n, out.collectors, out.collector_settings);
        }},
       {"push", [&](const YamlNode& n) { DecodePush(decoder, n, out.pushgateway); }},
       {"lastSample", [&](const YamlNode& n) { DecodeLastSample(decoder, n, out.last_sample); }},
       {"pods", [&](const YamlNode& n) { DecodePods(decoder, n, out.pods); }},
       {"reload", [&](const YamlNode& n) {
          decoder.Sequence(n, "reload", [&](const YamlNode& item, const std::string& path) {
            DecodeReload(decoder, item, path, out.reload.emplace_back());
          });
        }}});
  WarnOfLogs(decoder, root, out);
  CheckLabelCounts(decoder, root, out);
  const bool readable = root.kind == YamlNode::Kind::kMap || root.kind == YamlNode::Kind::kNull;
  if (readable && version != "1") {  // an empty file is one that is being written
    const YamlNode* where = root.Find("version");
    decoder.Problem(where != nullptr ? *where : root,
                    version.empty() ? "version is missing: add \"version: 1\""
                                    : "version must be 1, but is \"" + version + "\"");
  }
  return out;
}

}  // namespace telltale

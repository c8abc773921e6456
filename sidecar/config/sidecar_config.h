// SPDX-License-Identifier: Apache-2.0
//
// The configuration of telltale-sidecar, version 1, as plain values; docs/reference/
// sidecar-config.md describes it for people. Every default stands here and nowhere else. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/alertmanager_config.h"
#include "sidecar/config/collectors_config.h"
#include "sidecar/config/decoder.h"
#include "sidecar/config/last_sample_config.h"
#include "sidecar/config/loki_config.h"
#include "sidecar/config/push_config.h"
#include "sidecar/pipeline/pipeline_spec.h"

namespace telltale {

inline constexpr std::string_view kDefaultListen = "127.0.0.1:9847";
inline constexpr std::int64_t kDefaultIntervalMs = 10'000;
inline constexpr std::string_view kDefaultStateDir = "/var/lib/telltale";
inline constexpr std::string_view kDefaultPodsDirectory = "/var/log/pods";
inline constexpr std::string_view kDockerContainers = "/var/lib/docker/containers";

enum class LogFormat { kAuto, kCri, kDocker, kPlain };

struct LogFilesConfig {
  std::vector<std::string> include;  // globs, absolute
  std::vector<std::string> exclude;
  bool output = false;  // instead of files: what the pod's containers print
  // Of these containers; empty: of all but those of `exclude_containers`.
  std::vector<std::string> containers, exclude_containers;
  LogFormat format = LogFormat::kAuto;
  Labels labels;                     // on the streams of these files
  std::string tenant;                // in place of loki.tenant
  std::int64_t max_line_bytes = 0;   // in place of loki.maxLineSize; 0: that one
  std::int64_t ignore_older_ms = 0;  // leaves out files that did not change for so long; 0: none
  PipelineSpec pipeline;             // with `multiline` as its first stage
  // The MonitoringTargets that want them, "NAMESPACE/NAME"; empty for what a person wrote.
  std::vector<std::string> targets;
  bool operator==(const LogFilesConfig&) const = default;
};

struct ReloadConfig {
  std::string watch;  // a file
  std::string url;    // gets a POST when the content of the file changes
  // What Promtail reads: the last content of `watch` that it accepted. Empty: it reads `watch`.
  std::string copy = {};
  bool operator==(const ReloadConfig&) const = default;
};

// Settings of a node agent.
struct PodsConfig {
  std::string operator_url;
  std::string operator_token_file;  // a bearer token for it; empty: none is sent
  std::string directory;            // empty: kDefaultPodsDirectory
  // Directories that links in the pods' folders may lead into: where the runtime keeps the files.
  std::vector<std::string> link_targets;  // empty: Docker's
  bool operator==(const PodsConfig&) const = default;
};

// Of all log files together.
struct LogLimitsConfig {
  std::int64_t open_files = 0;  // 0: three quarters of what the process may open
  std::int64_t deleted_bytes = std::int64_t{1} << 30;  // on disk, of deleted files that are open
  bool operator==(const LogLimitsConfig&) const = default;
};

struct SidecarConfig {
  std::string listen;            // empty: kDefaultListen, or TELLTALE_LISTEN
  std::int64_t interval_ms = 0;  // 0: kDefaultIntervalMs
  bool log_cycle = false;        // a line for each cycle of the collectors
  std::string state_dir;         // empty: kDefaultStateDir
  Labels labels;                 // on every stream
  LokiConfig loki;
  AlertmanagerConfig alertmanager;  // where alert stages push to
  std::vector<LogFilesConfig> logs;
  LogLimitsConfig log_limits;
  std::vector<std::string> collectors;  // sorted names; none unless named
  CollectorSettings collector_settings;
  std::optional<PushgatewayConfig> pushgateway;  // off without it
  LastSampleConfig last_sample;
  std::vector<ReloadConfig> reload;
  PodsConfig pods;

  std::string_view Listen() const { return listen.empty() ? kDefaultListen : listen; }
  std::int64_t IntervalMs() const { return interval_ms == 0 ? kDefaultIntervalMs : interval_ms; }
  std::string_view StateDir() const { return state_dir.empty() ? kDefaultStateDir : state_dir; }
  std::string_view PodsDirectory() const {
    return pods.directory.empty() ? kDefaultPodsDirectory : pods.directory;
  }
  std::vector<std::string> PodLinkTargets() const {
    if (!pods.link_targets.empty()) return pods.link_targets;
    return {std::string(kDockerContainers)};
  }
  bool operator==(const SidecarConfig&) const = default;
};

// Decodes one configuration. Each thing that is wrong appends one sentence with file and line to
// `problems`; the result can be used only if there was none. `warnings` gets what is allowed but
// probably not meant; `probe` looks at the files that the configuration names. With `unknown`,
// parts that are not known are left out and reported there instead of being problems.
SidecarConfig DecodeSidecarConfig(const YamlNode& root, std::string_view file,
                                  std::vector<std::string>& problems,
                                  std::vector<std::string>* warnings = nullptr,
                                  FileProbe probe = nullptr,
                                  std::vector<std::string>* unknown = nullptr);

}  // namespace telltale

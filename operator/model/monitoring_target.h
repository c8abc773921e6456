// SPDX-License-Identifier: Apache-2.0
//
// The MonitoringTarget resource (crds/monitoringtargets.yaml is its definition; a test holds the
// two together). Decoded from watch events; the API server has already applied defaults, bounds
// and rules, but an older CRD may be installed, so the decoder checks what it relies on: one
// resource must not spoil the outputs that all share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/model/label_selector.h"
#include "operator/model/object_meta.h"

namespace telltale {

struct PortRef {
  std::string name;  // or:
  int number = 0;
  std::string Text() const { return number != 0 ? std::to_string(number) : name; }
  bool operator==(const PortRef&) const = default;
};

// Which samples of a page are kept. Regular expressions (RE2) of whole names.
struct MetricFilter {
  std::vector<std::string> keep;         // names of metrics; empty: all
  std::vector<std::string> drop;         // of those
  std::vector<std::string> drop_labels;  // names of labels
  bool empty() const { return keep.empty() && drop.empty() && drop_labels.empty(); }
  bool operator==(const MetricFilter&) const = default;
};

struct Endpoint {
  PortRef port;
  std::string container;  // only this container's ports; empty: any
  std::string path = "/metrics";
  Labels params;
  std::int64_t interval_ms = 15'000;
  std::int64_t timeout_ms = 10'000;
  bool https = false;
  // Names settings of a scrape job that the administrator keeps, such as credentials; empty: none.
  std::string scrape_class;
  bool native_histograms = false;  // Prometheus takes them instead of buckets
  MetricFilter filter;
  bool operator==(const Endpoint&) const = default;
};

struct FromPodLabel {
  std::string from, to;
  bool operator==(const FromPodLabel&) const = default;
};

struct MetricsSpec {
  std::string job;  // the label; empty: NAMESPACE/NAME of the resource
  std::vector<Endpoint> endpoints;
  std::vector<FromPodLabel> from_pod;
  Labels static_labels;
  bool workload = false, workload_type = false;  // labels of these names
  bool operator==(const MetricsSpec&) const = default;
};

// What is given of a stage's fields, by the table in pipeline_stage.cc and in its order. A field
// has the member of its type.
struct StageField;
struct PipelineStage;
using StageFields = std::vector<StageField>;
struct StageField {
  enum class Type : std::uint8_t {
    kText,
    kFlag,
    kNumber,
    kDuration,
    kBytes,
    kMap,
    kTexts,
    kMetrics,
    kStages
  };
  std::string_view name, promtail;  // what we and what Promtail call it; of static storage
  Type type = Type::kText;
  bool flag = false;
  double number = 0;
  std::int64_t whole = 0;  // kDuration: milliseconds
  std::string text;
  Labels map;
  std::vector<std::string> texts;
  std::vector<StageFields> metrics;
  std::vector<PipelineStage> stages;  // of match
  bool operator==(const StageField&) const = default;
};

struct PipelineStage {
  enum class Kind : std::uint8_t {
    kJson,
    kLogfmt,
    kRegex,
    kTimestamp,
    kLabels,
    kMetadata,
    kDrop,
    kSample,
    kLimit,
    kReplace,
    kMetrics,
    kAlert,
    kMultiline,
    kOutput,
    kTemplate,
    kMatch,
    kLabelDrop,
    kDecolorize
  };
  Kind kind = Kind::kJson;
  StageFields fields;
  bool operator==(const PipelineStage&) const = default;

  // Null when it is not given.
  const StageField* Find(std::string_view name) const;
};

struct LogsSpec {
  enum class Source { kFiles, kStdout };
  enum class Collector { kSidecar, kNode };
  Source source = Source::kFiles;
  Collector collector = Collector::kSidecar;
  std::string directory;             // of the shared log volume
  std::vector<std::string> include;  // globs inside directory
  std::vector<std::string> exclude;
  Labels labels;                       // static stream labels
  std::vector<FromPodLabel> from_pod;  // further ones, of the pod's
  // Names of containers whose output is read; an empty `containers` is all.
  std::vector<std::string> containers, exclude_containers;
  std::string tenant;                   // of Loki; empty: that of all
  std::vector<PipelineStage> pipeline;  // `multiline`, when there is one, is the first
  bool operator==(const LogsSpec&) const = default;
};

// A URL of the pod that the sidecar polls.
struct HttpPollSpec {
  std::string name;
  std::int64_t port = 0;
  std::string path = "/";
  bool tls = false, insecure_skip_verify = false;
  std::int64_t interval_ms = 0;  // 0: that of the sidecar
  std::int64_t timeout_ms = 5'000;
  std::vector<std::int64_t> status;  // empty: 200 to 299
  std::string body;                  // a regular expression
  bool operator==(const HttpPollSpec&) const = default;
};

// Pushes that the sidecar takes from its pod.
struct PushgatewaySpec {
  std::int64_t expire_after_ms = 0;  // 0: groups live as long as the pod
  std::int64_t max_series = 10'000;
  bool operator==(const PushgatewaySpec&) const = default;
};

struct SidecarSpec {
  bool off = false;
  std::int64_t interval_ms = 10'000;
  std::vector<std::string> collectors;  // process, network, filesystem
  std::vector<HttpPollSpec> http;
  std::string textfile_directory;        // empty: no files of metrics
  std::int64_t textfile_max_age_ms = 0;  // 0: none
  std::optional<PushgatewaySpec> pushgateway;
  Labels requests, limits;  // cpu, memory
  bool operator==(const SidecarSpec&) const = default;
};

struct NamespaceSelector {
  bool any = false;
  std::vector<std::string> names;
  std::optional<LabelSelector> labels;
  bool operator==(const NamespaceSelector&) const = default;
};

struct MonitoringTarget {
  ObjectMeta meta;
  LabelSelector selector;
  std::optional<NamespaceSelector> namespaces;  // nothing: only the own namespace
  bool suspend = false;
  std::optional<MetricsSpec> metrics;
  std::optional<LogsSpec> logs;
  std::optional<SidecarSpec> sidecar;
  std::int64_t edited =
      0;  // when it last became another one, in seconds since the epoch; 0: unknown
  std::string status_json;  // as it stands in the API, to write only what differs
  // Sentences about parts that could not be understood. Such a part is absent here and produces
  // nothing, the others go on (status says Accepted=False).
  std::vector<std::string> invalid;
  // Not empty: a sentence about spec.logs.tenant, for which `logs` is absent (TenantPolicy).
  std::string refused_tenant;

  // True when both ask for the same: only status and metadata may differ.
  bool SameSpec(const MonitoringTarget& other) const;
  // True when matching pods should carry the sidecar.
  bool WantsSidecar() const {
    if (suspend || (sidecar && sidecar->off)) return false;
    return sidecar.has_value() || (logs && logs->collector == LogsSpec::Collector::kSidecar);
  }
  // True when the sidecar follows what the other containers print.
  bool WantsOutput() const {
    return WantsSidecar() && logs && logs->collector == LogsSpec::Collector::kSidecar &&
           logs->source == LogsSpec::Source::kStdout;
  }
};

// The first entry of `invalid` as an error, when there is one; `out` is usable all the same when
// its name is known.
Status DecodeMonitoringTarget(JsonValue value, MonitoringTarget& out);

// Parts of it, in files of their own. Errors are in the form of operator/model/decode.h.
Status DecodeMetricsSpec(JsonValue value, MetricsSpec& out);
// Whether a scrape class may have the name: a label of DNS (RFC 1123).
bool IsScrapeClass(std::string_view name);
Status DecodeLogsSpec(JsonValue value, LogsSpec& out);
Status DecodeSidecarSpec(JsonValue value, SidecarSpec& out);
Status DecodeHttpPolls(JsonValue value, std::vector<HttpPollSpec>& out);
// A folder that the application and the sidecar share.
Status DecodeSharedDirectory(JsonValue value, std::string& out);

}  // namespace telltale

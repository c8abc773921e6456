// SPDX-License-Identifier: Apache-2.0
//
// A MonitoringTarget's selector and labels as relabel rules of Prometheus' kubernetes_sd (which
// Promtail shares): keep the pods that match, name the stream, find the files. Internal to
// operator/plan; pure.
#pragma once

#include <string>
#include <string_view>

#include "common/text/yaml_writer.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

// The list under relabel_configs.
void WritePromtailRelabeling(const MonitoringTarget& target, YamlWriter& yaml);

// "__meta_kubernetes_pod_label_app_kubernetes_io_name" for PREFIX app.kubernetes.io/name:
// characters outside [a-zA-Z0-9_] are '_', and a leading digit stays (strutil.SanitizeLabelName).
std::string MetaLabel(std::string_view prefix, std::string_view key);

// The text as a regular expression that matches only it, as Go's regexp.QuoteMeta.
std::string QuoteRegex(std::string_view text);

}  // namespace telltale

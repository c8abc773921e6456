// SPDX-License-Identifier: Apache-2.0
//
// A MonitoringTarget's selector and labels as relabel rules of Prometheus' kubernetes_sd (which
// Promtail shares): keep the pods that match, name the stream, find the files. Internal to
// operator/plan; pure.
//
// Nothing that a pod's author can choose freely becomes a part of a path: no annotation, no label.
// A path is made of namespace, name, UID and container, which the API server validates.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/text/yaml_writer.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

// The rules that are the same for every MonitoringTarget, each with an anchor: elements of a list
// under relabel_configs that the caller has begun.
void WriteSharedRules(YamlWriter& yaml);
// Whether `name` is the anchor of one of them.
bool IsSharedRule(std::string_view name);

// The list under relabel_configs; it refers to the shared rules. `namespaces` is where to look for
// pods; empty: everywhere.
void WritePromtailRelabeling(const MonitoringTarget& target,
                             std::span<const std::string> namespaces, YamlWriter& yaml);

// "__meta_kubernetes_pod_label_app_kubernetes_io_name" for PREFIX app.kubernetes.io/name:
// characters outside [a-zA-Z0-9_] are '_', and a leading digit stays (strutil.SanitizeLabelName).
std::string MetaLabel(std::string_view prefix, std::string_view key);

// The text as a regular expression that matches only it, as Go's regexp.QuoteMeta.
std::string QuoteRegex(std::string_view text);

}  // namespace telltale

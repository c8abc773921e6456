// SPDX-License-Identifier: Apache-2.0
//
// Matches a Kubernetes label selector against the labels of one pod, as the operator writes it into
// the ConfigMap: {matchLabels, matchExpressions, matchAll}. The sidecar has its own because it must
// not link the operator's model. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"

namespace telltale {

struct LabelMatch {
  struct Requirement {
    std::string key, op;  // In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values;
  };
  Labels match_labels;
  std::vector<Requirement> match_expressions;
  bool match_all = false;

  // All parts must match. An empty selector matches nothing unless match_all is set.
  bool Matches(const Labels& labels) const;
};

LabelMatch DecodeLabelMatch(const YamlNode& node, Decoder& decoder);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The part `alertmanager` of the configuration: where the alerts of log lines go, and how we
// authenticate there. Plain values and their decoder; used by sidecar_config.
#pragma once

#include <string>
#include <vector>

#include "common/text/yaml_reader.h"
#include "sidecar/config/access_config.h"
#include "sidecar/config/decoder.h"

namespace telltale {

struct AlertmanagerConfig {
  std::vector<std::string> urls;  // each gets every alert; none: alerts are not sent
  AccessConfig access = {};       // of all of them
  bool operator==(const AlertmanagerConfig&) const = default;
};

void DecodeAlertmanager(Decoder& decoder, const YamlNode& node, AlertmanagerConfig& out);

}  // namespace telltale

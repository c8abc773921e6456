// SPDX-License-Identifier: Apache-2.0
//
// The part `lastSample` of the configuration: where the last samples of a pod that ends are sent,
// and whose. Plain values and their decoder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/strings.h"
#include "sidecar/config/access_config.h"
#include "sidecar/config/decoder.h"

namespace telltale {

// A page that Prometheus scrapes: by its URL, or by a port of the pod.
struct LastSamplePage {
  std::string url;
  std::string port;       // its name or number
  std::string container;  // that has the port; empty: any
  std::string path = "/metrics";
  bool https = false;
  Labels params;
  Labels labels;    // beside those that say which pod it is
  Labels from_pod;  // label of the pod -> name on the samples
  bool operator==(const LastSamplePage&) const = default;
};

struct LastSampleConfig {
  std::vector<std::string> urls;  // of remote write; empty: off
  AccessConfig access;
  std::int64_t interval_ms = 1'000;
  std::int64_t timeout_ms = 10'000;
  Labels labels;  // of our own page
  std::vector<LastSamplePage> pages;
  bool operator==(const LastSampleConfig&) const = default;
};

void DecodeLastSample(Decoder& decoder, const YamlNode& node, LastSampleConfig& out);

}  // namespace telltale

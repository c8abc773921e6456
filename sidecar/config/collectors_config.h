// SPDX-License-Identifier: Apache-2.0
//
// The part `collectors` of the configuration: which collectors run, and what each is told. Plain
// values and their decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/config/access_config.h"
#include "sidecar/config/decoder.h"

namespace telltale {

// Patterns of names: `*` is any run of characters, '/' among them, and `?` any one.
struct NameFilter {
  std::vector<std::string> include;  // empty: all
  std::vector<std::string> exclude;
  bool operator==(const NameFilter&) const = default;
};

struct TextfileConfig {
  std::string directory;
  std::int64_t max_age_ms = 0;  // files that are older are left out; 0: none
  bool operator==(const TextfileConfig&) const = default;
};

struct HttpPollConfig {
  std::string name;  // the label `poll`; empty: the URL
  std::string url;
  std::string method = "GET";
  std::int64_t interval_ms = 0;  // 0: that of the collectors
  std::int64_t timeout_ms = 5'000;
  std::vector<int> status;           // that are a success; empty: 200 to 299
  std::string body;                  // a regular expression that the body must match; empty: any
  std::int64_t max_body = 64 << 10;  // that is read of a body
  bool follow_redirects = true;
  AccessConfig access;

  const std::string& Name() const { return name.empty() ? url : name; }
  bool operator==(const HttpPollConfig&) const = default;
};

struct CollectorSettings {
  NameFilter process;     // names of processes
  NameFilter network;     // devices
  NameFilter filesystem;  // mount points
  std::vector<TextfileConfig> textfile;
  std::vector<HttpPollConfig> http;
  bool operator==(const CollectorSettings&) const = default;
};

// `names`: the collectors that run, sorted.
void DecodeCollectors(Decoder& decoder, const YamlNode& node, std::vector<std::string>& names,
                      CollectorSettings& out);

// Adds what a later file says to `to`: folders and polls are appended, of a filter the first one
// that is not empty stays. Appends the path of each part that stays as it is to `kept`, though
// `from` says something else.
void MergeCollectors(const CollectorSettings& from, CollectorSettings& to,
                     std::vector<std::string>& kept);

}  // namespace telltale

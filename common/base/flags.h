// SPDX-License-Identifier: Apache-2.0
//
// Command-line flags as a table: each program declares its own, Parse fills them and --help prints
// them. Accepted: --name=value, --name value, -name; for bool --name, --no-name, --name=false.
// Called once from main, before any thread.
//
//   Flags flags("telltale-sidecar", "Collects metrics and ships logs.");
//   flags.Add("config", &options.config, "FILE", "configuration file or folder");
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

class Flags {
 public:
  Flags(std::string program, std::string summary);

  // The value a pointer holds when added is the default that --help shows.
  void Add(std::string name, std::string* value, std::string placeholder, std::string help);
  void Add(std::string name, int* value, std::string placeholder, std::string help);
  void Add(std::string name, bool* value, std::string help);
  // Written as Prometheus does, 1m30s (ParseDurationMs).
  void Add(std::string name, std::chrono::milliseconds* value, std::string placeholder,
           std::string help);

  // Parses argv[1..]; an error names the flag and says what is accepted.
  Status Parse(int argc, const char* const* argv);

  std::string Help() const;

 private:
  struct Flag {
    std::string name, placeholder, help, default_text;
    bool is_bool = false;
    std::function<Status(std::string_view)> set;
  };
  const Flag* Find(std::string_view name) const;

  std::string program_, summary_;
  std::vector<Flag> flags_;
};

}  // namespace telltale

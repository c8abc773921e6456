// SPDX-License-Identifier: Apache-2.0
//
// The command line of telltale-sidecar. Called once, by main.
#pragma once

#include <string>

#include "common/base/result.h"

namespace telltale {

struct SidecarOptions {
  std::string config = "/etc/telltale/config";
  std::string pod_info;
  std::string role = "pod";
  std::string log_level = "info";
  std::string log_format = "logfmt";
  bool check_config = false;
  bool once = false;
  bool version = false;
  bool help = false;
  std::string help_text;  // of --help
};

// An error is a sentence for the person at the shell.
Result<SidecarOptions> ParseSidecarOptions(int argc, const char* const* argv);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/options.h"

#include "common/base/flags.h"

namespace telltale {

Result<SidecarOptions> ParseSidecarOptions(int argc, const char* const* argv) {
  SidecarOptions options;
  Flags flags("telltale-sidecar", "Collects metrics, follows log files and ships them to Loki.");
  flags.Add("config", &options.config, "PATH",
            "configuration file, or a folder of *.json such as a mounted ConfigMap");
  flags.Add(
      "pod-info", &options.pod_info, "DIR",
      "folder of the downward API with the file labels, which decide what parts of a folder of "
      "configurations this pod uses");
  flags.Add(
      "check-config", &options.check_config,
      "print the problems and warnings of the configuration and exit; 1 if there is a problem");
  flags.Add("once", &options.once,
            "run each collector and poll once, send the logs that are there, print the page of "
            "metrics and "
            "exit; 1 if lines are left that could not be sent");
  flags.Add("role", &options.role, "ROLE",
            "pod: beside the containers of one pod; node: for the output of the pods of one node");
  flags.Add("log-level", &options.log_level, "LEVEL", "debug, info, warn or error");
  flags.Add("log-format", &options.log_format, "FORMAT", "logfmt or json");
  flags.Add("version", &options.version, "print the version and exit");
  flags.Add("help", &options.help, "print this text and exit");
  TELLTALE_TRY(flags.Parse(argc, argv));
  options.help_text = flags.Help();
  if (options.role != "pod" && options.role != "node") {
    return Fail(Code::kInvalid, "--role must be pod or node, but is \"" + options.role + "\"");
  }
  if (options.once && options.role == "node") {
    return Fail(Code::kInvalid, "--once is for --role=pod: a node agent has to stay");
  }
  if (options.config.empty()) return Fail(Code::kInvalid, "--config must not be empty");
  return options;
}

}  // namespace telltale

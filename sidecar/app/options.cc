// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/options.h"

#include "common/base/flags.h"

namespace telltale {

Result<SidecarOptions> ParseSidecarOptions(int argc, const char* const* argv) {
  SidecarOptions options;
  Flags flags("telltale-sidecar", "Collects metrics, follows log files and ships them to Loki.");
  flags.Add("config", &options.config, "PATH",
            "configuration file, or a folder of *.json as the ConfigMap is mounted");
  flags.Add("pod-info", &options.pod_info, "DIR",
            "folder of the downward API with the file labels; says which part of a folder of "
            "configurations is for this pod");
  flags.Add("check-config", &options.check_config,
            "read the configuration, print OK or what is wrong, and exit");
  flags.Add(
      "role", &options.role, "ROLE",
      "what the sidecar works for: pod, beside the containers of one, or node, for the output "
      "of the pods of a node");
  flags.Add("log-level", &options.log_level, "LEVEL", "debug, info, warn or error");
  flags.Add("log-format", &options.log_format, "FORMAT", "logfmt or json");
  flags.Add("version", &options.version, "print the version and exit");
  flags.Add("help", &options.help, "print this text and exit");
  TELLTALE_TRY(flags.Parse(argc, argv));
  options.help_text = flags.Help();
  if (options.role != "pod" && options.role != "node") {
    return Fail(Code::kInvalid, "--role must be pod or node, but is \"" + options.role + "\"");
  }
  if (options.config.empty()) return Fail(Code::kInvalid, "--config must not be empty");
  return options;
}

}  // namespace telltale

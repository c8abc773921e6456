// SPDX-License-Identifier: Apache-2.0
//
// The exec part of a kubeconfig's user, and what a plugin is told about its cluster. Used by
// kube_config.cc only. Pure.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "operator/kube/config/exec_plugin.h"
#include "operator/kube/config/kube_config.h"
#include "operator/kube/config/kube_config_file.h"

namespace telltale {

// Nothing when the user has none; kInvalid when what it says cannot be done.
Result<std::optional<ExecPlugin>> ReadExecPlugin(const KubeConfigEntry& user);

// Fills `exec.info`, with the cluster when the plugin wants it.
void TellPlugin(const KubeConfigEntry& cluster, const KubeConfig& config, ExecPlugin& exec);

}  // namespace telltale

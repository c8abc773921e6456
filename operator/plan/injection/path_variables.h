// SPDX-License-Identifier: Apache-2.0
//
// The environment that a subPathExpr needs: the sidecar mounts the folder that the application has,
// so it must expand the same variables to the same values. A variable that the kubelet cannot
// expand keeps the container, and with it the pod, from starting. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

// The names of $(NAME) in the text, in order; $$(NAME) is an escape and names nothing.
std::vector<std::string> VariablesIn(std::string_view text);

// Adds to `env` what `expression` needs of the container's environment, also indirectly, in an
// order in which each can be expanded. `own` are the variables that the sidecar has anyway. An
// error says why the expression cannot be expanded in the sidecar; `env` is unchanged then.
Status AddPathVariables(const AdmittedContainer& container, std::string_view expression,
                        const std::vector<EnvVariable>& own, std::vector<EnvVariable>& env);

}  // namespace telltale

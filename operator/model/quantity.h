// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes quantities ("250m", "64Mi", "1e9"), only to compare them: a request above its limit
// makes the API server refuse the pod, and an injected container must never be why a pod is
// refused. Grammar: apimachinery pkg/api/resource Quantity. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace telltale {

// Nothing when the text is no quantity or is negative.
std::optional<double> ParseQuantity(std::string_view text);

}  // namespace telltale

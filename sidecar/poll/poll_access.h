// SPDX-License-Identifier: Apache-2.0
//
// From the configuration of an access to the access. Pure.
#pragma once

#include "common/access/access.h"
#include "sidecar/config/access_config.h"

namespace telltale {

Access AccessOf(const AccessConfig& config);

}  // namespace telltale

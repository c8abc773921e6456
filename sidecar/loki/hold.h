// SPDX-License-Identifier: Apache-2.0
//
// A pause after a bad answer: of the store, of a tenant, or of a group of streams. Plain value,
// used by PushQueue and its parts.
#pragma once

#include <optional>

#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace telltale {

struct Hold {
  SteadyTime until{};              // nothing is sent before
  std::optional<Backoff> backoff;  // set from the first bad answer to the next good one

  bool active() const { return backoff.has_value(); }
};

}  // namespace telltale

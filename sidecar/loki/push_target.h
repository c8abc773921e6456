// SPDX-License-Identifier: Apache-2.0
//
// Where and how to push. Plain values, made by the configuration.
#pragma once

#include <chrono>
#include <string>

#include "common/access/access.h"
#include "sidecar/loki/push_queue.h"

namespace telltale {

using PushAccess = Access;

struct PushTarget {
  std::string url;     // http(s)://host:port, with or without /loki/api/v1/push; empty: hold
  std::string tenant;  // X-Scope-OrgID; none when empty
  PushAccess access = {};
  PushQueue::Times times = {};
  std::size_t max_push_bytes = 1 << 20;  // of one push, before compression
  std::chrono::milliseconds request_timeout{10'000};
  bool operator==(const PushTarget&) const = default;
};

}  // namespace telltale

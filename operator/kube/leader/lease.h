// SPDX-License-Identifier: Apache-2.0
//
// A coordination.k8s.io/v1 Lease as JSON and back. Pure; used by LeaderElector and by its tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

// The spec. Times are the holder's wall clock, for people: nobody else may compare them with his.
struct LeaseSpec {
  std::string holder = {};  // empty: free
  std::int64_t duration_seconds = 0;
  std::string acquire_time = {};  // RFC 3339 with six digits (MicroTime), as it came
  std::string renew_time = {};
  std::int64_t transitions = 0;

  bool operator==(const LeaseSpec&) const = default;
};

struct Lease {
  // The whole metadata as the server sent it, resourceVersion included: an update sends it back, so
  // that labels and owners that others gave the Lease stay.
  std::string metadata_json;
  std::string resource_version;
  LeaseSpec spec;
};

// kInvalid for what is no Lease or lacks a resourceVersion: an update without one would overwrite
// whatever there is. Fields that are absent or null stay empty or zero.
Result<Lease> ParseLease(std::string_view body);

std::string RenderLease(std::string_view metadata_json, const LeaseSpec& spec);

// The metadata of a Lease that is made anew.
std::string NewLeaseMetadata(std::string_view ns, std::string_view name,
                             const std::string& owner = "");

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What Loki's answer to a push means for the lines in it (reference: grafana/loki
// pkg/distributor/http.go, distributor.go, pkg/ingester/stream.go). Pure; called by Sender.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/net/http/http.h"

namespace telltale {

struct PushAnswer {
  enum class Kind {
    kStored,
    kRefused,   // for good: `lost_lines` of them for `reason`, the others are stored
    kTooLarge,  // nothing stored, and the same request never will be: split it
    kRetry,     // perhaps nothing stored, perhaps all; storing twice does no harm
    // Nothing stored, and a request above the burst limit can never succeed.
    kTenantLimited,
    kStreamLimited,  // the same, of this stream alone: others may well succeed
    kRetrySlowly,    // a person must change something first: credentials, tenant, URL
  } kind = Kind::kRetry;
  bool credentials = false;  // it says that they are the trouble
  std::uint64_t lost_lines = 0;
  std::string reason;
  std::chrono::milliseconds retry_after{0};  // of the header, at most ten minutes
};

// `lines` is how many the request held.
PushAnswer ReadPushAnswer(const HttpResponse& response, std::uint64_t lines);

}  // namespace telltale

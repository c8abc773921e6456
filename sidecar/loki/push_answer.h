// SPDX-License-Identifier: Apache-2.0
//
// What the store's answer to a push means for the lines in it (reference: grafana/loki
// pkg/distributor/http.go, distributor.go, pkg/ingester/stream.go). Pure; called by Sender.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/net/http/http.h"

namespace telltale {

struct PushAnswer {
  enum class Kind {
    kStored,
    kRefused,        // the store names `lost_lines` lines of a stream; the others are stored
    kNoMetadata,     // it takes no structured metadata: nothing of the stream is stored
    kTooLarge,       // nothing stored, and the same request never will be: divide it
    kUnreadable,     // it could not decode the request
    kStreamLimited,  // a limit of one stream: others may well succeed
    kStreamRefused,  // a stream's labels are refused: a person must change something
    kTenantLimited,  // nothing stored; a request above the burst limit can never succeed
    kRetrySlowly,    // a person must change something first: credentials, tenant, URL
    kUnclear,        // a refusal that is not in the store's words
    kRetry,          // perhaps nothing stored, perhaps all
  } kind = Kind::kRetry;
  bool credentials = false;   // it says that they are the trouble
  bool maybe_stored = false;  // lines of the request may be stored
  bool out_of_order = false;  // kRefused, perhaps because the store has the lines already
  bool sent_twice = false;    // the store may have got the request before this answer's one
  std::uint64_t lost_lines = 0;
  std::string reason;
  std::chrono::milliseconds retry_after{0};  // of the header, at most ten minutes
};

// `lines` is how many the request held, `bytes` its size before compression. Which lines are lost
// is only right for a request of one stream; of another, the kind says that it must be divided.
PushAnswer ReadPushAnswer(const HttpResponse& response, std::uint64_t lines, std::size_t bytes);

}  // namespace telltale

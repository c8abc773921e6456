// SPDX-License-Identifier: Apache-2.0
//
// A push in Loki's other form, gzip of JSON, for proxies that speak nothing else:
//   {"streams":[{"stream":{"app":"a"},"values":[["<ns>","line",{"metadata":"value"}]]}]}
// Made from the first form when it is sent, so that everything before is the same; equal requests
// give equal bytes. The fence of zlib for writing. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale {

// Of a request of StreamEncoder; nothing when it is none.
std::optional<std::string> PushRequestAsJson(std::string_view request);

// Of the snappy of one.
std::string GzipJsonBody(std::string_view compressed);

}  // namespace telltale

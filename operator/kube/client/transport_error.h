// SPDX-License-Identifier: Apache-2.0
//
// Sentences for what can go wrong between us and the API server, with what to do about it. Pure;
// used by ApiTransport.
#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"
#include "common/net/http/http_client.h"

namespace telltale {

// `server` is its URL; `error` is HttpClient's, which ended at `stage`.
Error DescribeTransportError(const std::string& server, HttpStage stage, bool proxied,
                             const Error& error);

// After the connection stood.
Error DescribeTimeout(const std::string& server, std::chrono::milliseconds limit, bool stream);

}  // namespace telltale

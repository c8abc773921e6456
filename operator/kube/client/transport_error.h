// SPDX-License-Identifier: Apache-2.0
//
// Sentences for what can go wrong between us and the API server, from the HTTP library's own words
// (which are fixed: the library is archived). Pure; used by CpprestTransport.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

// `server` is its URL, `what` the library's text, `system_error` an errno or 0, `tls_reason`
// OpenSSL's word for it, or empty.
Error DescribeTransportError(const std::string& server, std::string_view what, int system_error,
                             std::string_view tls_reason);

Error DescribeTimeout(const std::string& server, std::chrono::milliseconds limit, bool stream);

}  // namespace telltale

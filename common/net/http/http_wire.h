// SPDX-License-Identifier: Apache-2.0
//
// The bytes that we put before a body: request and response heads of HTTP/1.1. Used by the two
// Beast files (which parse with Beast, but write with this: one buffer for the head, the body goes
// out from where it lies). Pure, thread-safe. Nothing that comes in can end a line: control
// characters in a value become spaces, a header with a bad name is left out.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/net/http/http.h"

namespace telltale {

struct ResponseHeadOptions {
  int version = 11;  // of the request: 10 or 11
  bool keep_alive = true;
};

// Ends with the empty line. Content-Length is that of content(), also for HEAD; 1xx and 204 have
// none, 304 neither. Connection, Content-Length and Transfer-Encoding of the response are ignored.
std::string ResponseHead(const HttpResponse& response, const ResponseHeadOptions& options);

// kInvalid when the method or the target cannot stand in a request line. `origin` is what a proxy
// needs in front of the target, "http://HOST"; else empty.
Result<std::string> RequestHead(const HttpRequest& request, std::string_view host,
                                std::string_view user_agent, std::string_view origin = "");

// The reason phrase of RFC 9110; "Unknown" for the others.
std::string_view ReasonPhrase(int status);

}  // namespace telltale

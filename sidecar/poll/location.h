// SPDX-License-Identifier: Apache-2.0
//
// Where a redirect leads: the header Location, seen from the URL that was asked (RFC 9110 §10.2.2,
// RFC 3986 §5). Pure, thread-safe.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/net/http/url.h"

namespace telltale {

// kInvalid for a Location that is empty or leads to something else than http and https.
Result<Url> FollowLocation(const Url& from, std::string_view location);

// The same scheme, host and port: credentials may be sent on.
bool SameOrigin(const Url& a, const Url& b);

// The URL as text.
std::string UrlText(const Url& url);

}  // namespace telltale

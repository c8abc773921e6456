// SPDX-License-Identifier: Apache-2.0
//
// URLs and addresses that configurations name: what is accepted is the same when it is written and
// read again, and has nothing in it that could stand for something else in a header.
#include <algorithm>
#include <string>

#include "common/base/check.h"
#include "common/net/http/url.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

void CheckHost(std::string_view host) {
  TELLTALE_CHECK(std::all_of(host.begin(), host.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("/?#@[]\"\\").find(c) == std::string_view::npos;
  }));
}

}  // namespace

void FuzzOne(std::string_view text) {
  if (const auto url = ParseUrl(text); url.ok()) {
    CheckHost(url->host);
    TELLTALE_CHECK(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
    const auto again =
        ParseUrl((url->tls ? "https://" : "http://") + url->HostHeader() + url->target);
    TELLTALE_CHECK(again.ok() && again->tls == url->tls && again->host == url->host);
    TELLTALE_CHECK(again->port == url->port && again->target == url->target);
  } else {
    TELLTALE_CHECK(!url.error().message.empty());
  }
  if (const auto address = ParseHostPort(text); address.ok()) {
    CheckHost(address->host);
    const auto again = ParseHostPort(JoinHostPort(address->host, address->port));
    TELLTALE_CHECK(again.ok() && again->host == address->host && again->port == address->port);
  } else {
    TELLTALE_CHECK(!address.error().message.empty());
  }
}

}  // namespace telltale

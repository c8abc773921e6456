// SPDX-License-Identifier: Apache-2.0
//
// Which format a scraper gets, by its Accept header, and how that is called in Content-Type
// (prometheus.io/docs/instrumenting/content_negotiation). Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/exposition/page_writer.h"

namespace telltale {

struct Negotiated {
  PageStyle style;
  std::string content_type;
};

// The format with the highest q that we have, the first of equals; text 0.0.4 when there is none.
Negotiated NegotiateFormat(std::string_view accept);

// Whether an Accept-Encoding header takes gzip.
bool AcceptsGzip(std::string_view accept_encoding);

// The parts of a header such as `text/plain; version="1.0.0"; q=0.5`: the value in lower case, and
// its parameters. Further ones than the first 16 are left out.
struct HeaderValue {
  std::string value;
  std::vector<std::pair<std::string, std::string>> parameters;

  std::string_view Find(std::string_view name) const;  // empty when absent
};
HeaderValue ParseHeaderValue(std::string_view text);

}  // namespace telltale

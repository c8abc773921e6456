// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus' text for a failed scrape (lastError of GET /api/v1/targets) means to a person.
// The texts are those of Go's net package and of Prometheus 3 scrape/ and model/textparse; an
// unknown one is passed on as it is. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>

#include "operator/plan/reasons.h"

namespace telltale {

// `url` is the page that is scraped: an error about another one means a redirect. "": not known.
Reason ClassifyScrapeError(std::string_view error, std::string_view url = "");

// What is wrong, in the words of the reason's table or nearer to the error, and what to do.
std::string ScrapeAdvice(Reason reason, std::string_view short_error);

// The error for a message: one line, at most 200 bytes, without the URL that Go puts in front, and
// without the connection's own address ("10.0.0.5:41234->"), whose port differs at each scrape. Of
// a redirect it begins with the URL to which that led.
std::string ShortScrapeError(std::string_view error, std::string_view url = "");

}  // namespace telltale

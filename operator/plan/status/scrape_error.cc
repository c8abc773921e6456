// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/scrape_error.h"

#include <array>
#include <cstddef>

namespace telltale {
namespace {

constexpr std::size_t kLongest = 200;

struct Mark {
  std::string_view text;
  Reason reason;
};
// The first that occurs decides.
constexpr std::array kMarks = {
    Mark{"limit exceeded", Reason::kLimitExceeded},
    Mark{"malformed HTTP response \"\\x15\\x03", Reason::kTls},
    Mark{"Client sent an HTTP request to an HTTPS server", Reason::kTls},
    Mark{"server gave HTTP response to HTTPS client", Reason::kTls},
    Mark{"tls: ", Reason::kTls},
    Mark{"x509: ", Reason::kTls},
    Mark{"redirects", Reason::kRedirect},
    Mark{"connection refused", Reason::kConnectionRefused},
    Mark{"context deadline exceeded", Reason::kTimeout},
    Mark{"Client.Timeout exceeded", Reason::kTimeout},
    Mark{"i/o timeout", Reason::kTimeout},
    Mark{"returned HTTP status 404", Reason::kNotFound},
    Mark{"returned HTTP status 401", Reason::kAuth},
    Mark{"returned HTTP status 403", Reason::kAuth},
    Mark{"returned HTTP status", Reason::kScrapeFailed},
    Mark{"Content-Type", Reason::kBadContent},
    Mark{"while parsing", Reason::kBadContent},
    Mark{"is not a valid start token", Reason::kBadContent},
    Mark{"does not end with # EOF", Reason::kBadContent},
    Mark{"strconv.Parse", Reason::kBadContent},
    Mark{"invalid UTF-8", Reason::kBadContent},
    Mark{"invalid metric type", Reason::kBadContent},
    Mark{"expected ", Reason::kBadContent},
};

// Go's net.OpError: "read tcp 10.0.0.5:41234->10.0.0.9:8080: ...".
std::string WithoutSources(std::string_view error) {
  constexpr std::string_view kArrow = "->", kDigits = "0123456789";
  std::string text;
  for (std::size_t at = error.find(kArrow); at != std::string_view::npos; at = error.find(kArrow)) {
    const std::string_view before = error.substr(0, at);
    const std::size_t word = before.find_last_of(" \n") + 1;  // 0 when there is none
    const std::size_t colon = before.find_last_not_of(kDigits);
    const bool source =
        colon != std::string_view::npos && colon > word && colon + 1 < at && before[colon] == ':';
    text.append(source ? before.substr(0, word) : error.substr(0, at + kArrow.size()));
    error.remove_prefix(at + kArrow.size());
  }
  return text.append(error);
}

// What to do about each of Prometheus's limits (scrape/scrape.go and target.go of 3.15); what the
// error says itself, such as the metric's name and the limit, is not said again.
struct Limit {
  std::string_view text, cause, fix;
};
constexpr std::array kLimits = {
    Limit{"sample limit", "the page has more samples than sample_limit, so none of them is kept",
          "let the application give fewer series, or name a class with a higher sample_limit"},
    Limit{"body size limit",
          "the page has more bytes than body_size_limit, so nothing of it is kept",
          "let the application give fewer series, or name a class with a higher body_size_limit"},
    Limit{"label_limit", "a series has too many labels, so nothing of the page is kept",
          "take labels from that metric, or name a class with a higher label_limit"},
    Limit{"label_name_length_limit",
          "the name of a label is too long, so nothing of the page is kept",
          "shorten it, or name a class with a higher label_name_length_limit"},
    Limit{"label_value_length_limit",
          "the value of a label is too long, so nothing of the page is kept",
          "shorten it in the application: a text, a path or a query is no label; or name a class "
          "with a higher label_value_length_limit"},
    Limit{"histogram bucket limit",
          "a native histogram has too many buckets, so nothing of the page is kept",
          "give the histogram a coarser resolution, or name a class with a higher "
          "native_histogram_bucket_limit"},
    Limit{
        "target_limit",
        "the class has more targets than its target_limit, so that Prometheus scrapes none of them",
        "raise target_limit, or give some resources another class"},
};

// The URL of "Get "URL": why".
std::string_view UrlOf(std::string_view error) {
  constexpr std::string_view kGet = "Get \"";
  if (!error.starts_with(kGet)) return {};
  error.remove_prefix(kGet.size());
  const std::size_t end = error.find("\": ");
  return end == std::string_view::npos ? std::string_view() : error.substr(0, end);
}

// Prometheus names the page without its parameters or with them.
std::string_view PageOf(std::string_view url) { return url.substr(0, url.find('?')); }

bool Elsewhere(std::string_view error, std::string_view url) {
  const std::string_view asked = UrlOf(error);
  return !url.empty() && !asked.empty() && PageOf(asked) != PageOf(url);
}

}  // namespace

std::string ScrapeAdvice(Reason reason, std::string_view error) {
  std::string cause(Info(reason).cause);
  std::string_view fix = Info(reason).fix;
  if (reason == Reason::kLimitExceeded) {
    for (const Limit& limit : kLimits) {
      if (!error.starts_with(limit.text)) continue;
      cause = limit.cause;
      fix = limit.fix;
      break;
    }
  }
  if (reason == Reason::kBadContent && (error.find("text/html") != std::string_view::npos ||
                                        error.find("\"<\"") != std::string_view::npos)) {
    cause =
        "the answer is an HTML page, such as a login page or the application's own pages, and "
        "no metrics";
  }
  constexpr std::string_view kStatus = "server returned HTTP status ";
  if (reason == Reason::kScrapeFailed && error.starts_with(kStatus)) {
    const std::string_view status = error.substr(kStatus.size());
    cause = "the application answers HTTP status " + std::string(status);
    if (status.starts_with("400")) {
      cause += ", as a port that speaks TLS does to plain HTTP";
    }
  }
  return cause.append("; ").append(fix);
}

Reason ClassifyScrapeError(std::string_view error, std::string_view url) {
  if (Elsewhere(error, url)) return Reason::kRedirect;
  for (const auto& mark : kMarks) {
    if (error.find(mark.text) != std::string_view::npos) return mark.reason;
  }
  return Reason::kScrapeFailed;
}

std::string ShortScrapeError(std::string_view whole, std::string_view url) {
  const std::string elsewhere =
      Elsewhere(whole, url) ? "redirected to " + std::string(UrlOf(whole)) + ": " : "";
  // Get "http://10.0.0.1:8080/metrics": dial tcp ...
  if (whole.starts_with("Get \"")) {
    const std::size_t end = whole.find("\": ");
    if (end != std::string_view::npos) whole.remove_prefix(end + 3);
  }
  const std::string error = elsewhere + WithoutSources(whole);
  std::string text = error.substr(0, kLongest);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (error.size() <= kLongest) return text;
  // Not in the middle of a character.
  while (!text.empty() && (static_cast<unsigned char>(error[text.size()]) & 0xC0u) == 0x80u) {
    text.pop_back();
  }
  return text + "...";
}

}  // namespace telltale

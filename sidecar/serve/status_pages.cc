// SPDX-License-Identifier: Apache-2.0
#include "sidecar/serve/status_pages.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/exposition/go_text.h"
#include "common/exposition/negotiation.h"
#include "common/net/http/gzip.h"

namespace telltale {
namespace {

constexpr std::string_view kTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds";
constexpr double kLongestTimeout = 3'600;  // seconds; the server's own limit is far below

// How long a scraper waits; 0 if it does not say so in a number of seconds.
std::chrono::milliseconds ScrapeTimeout(std::string_view text) {
  const auto seconds = ParseGoFloat(text);
  if (!seconds || !(*seconds > 0)) return {};
  const double bounded = std::min(*seconds, kLongestTimeout);
  return std::chrono::milliseconds(std::max<std::int64_t>(1, std::llround(bounded * 1e3)));
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

StatusPages::StatusPages(PushHandler& push, std::string version)
    : push_(push), version_(std::move(version)) {}

HttpResponse StatusPages::Handle(const HttpRequest& request) {
  if (auto answer = push_.Handle(request)) return *std::move(answer);
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = TextResponse(405, "This page can only be read: use GET.\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view path = request.path();
  if (path == "/metrics") return Metrics(request);
  // Alive as long as this thread answers, and deliberately no more: a restart repairs neither an
  // unreachable Loki nor a mount that hangs, and it costs the application its logs.
  if (path == "/healthz") return TextResponse(200, "ok\n");
  if (path == "/readyz") return Ready();
  if (path == "/") return Landing();
  return TextResponse(404, "There is no such page; there are /metrics, /healthz and /readyz.\n");
}

HttpResponse StatusPages::Metrics(const HttpRequest& request) {
  const auto header = [&](std::string_view name) -> std::string_view {
    const std::string* value = FindHeader(request.headers, name);
    return value == nullptr ? std::string_view() : *value;
  };
  const Negotiated format = NegotiateFormat(header("Accept"));
  HttpResponse response;
  response.write_timeout = ScrapeTimeout(header(kTimeoutHeader));
  // Prometheus 3 fails a scrape whose Content-Type it does not know.
  response.headers.emplace_back("Content-Type", format.content_type);
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  response.body.reserve(last_size_ + last_size_ / 8);
  PageWriter writer(format.style, response.body);
  push_.RenderPage(writer);
  last_size_ = response.body.size();
  if (AcceptsGzip(header("Accept-Encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = GzipCompress(response.body);
  }
  return response;
}

HttpResponse StatusPages::Ready() const {
  switch (state_.load(std::memory_order_relaxed)) {
    case State::kStarting:
      return TextResponse(503, "starting\n");
    case State::kReady:
      return TextResponse(200, "ready\n");
    case State::kStopping:
      return TextResponse(503, "stopping\n");
  }
  return TextResponse(503, "unknown\n");
}

HttpResponse StatusPages::Landing() const {
  HttpResponse response;
  response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  response.body =
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<title>telltale-sidecar</title></head><body><h1>telltale-sidecar " +
      EscapeHtml(version_) +
      "</h1><ul><li><a href=\"/metrics\">/metrics</a> for Prometheus</li>"
      "<li><a href=\"/healthz\">/healthz</a>: the process is alive</li>"
      "<li><a href=\"/readyz\">/readyz</a>: the configuration is loaded and files are followed</li>"
      "</ul></body></html>\n";
  return response;
}

}  // namespace telltale

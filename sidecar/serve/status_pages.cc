// SPDX-License-Identifier: Apache-2.0
#include "sidecar/serve/status_pages.h"

#include <utility>

namespace telltale {
namespace {

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

StatusPages::StatusPages(Registry& registry, std::string version)
    : registry_(registry), version_(std::move(version)) {}

HttpResponse StatusPages::Handle(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = TextResponse(405, "This page can only be read: use GET.\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view path = request.path();
  if (path == "/metrics") return Metrics();
  // Alive as long as this thread answers, and deliberately no more: a restart repairs neither an
  // unreachable Loki nor a mount that hangs, and it costs the application its logs.
  if (path == "/healthz") return TextResponse(200, "ok\n");
  if (path == "/readyz") return Ready();
  if (path == "/") return Landing();
  return TextResponse(404, "There is no such page; there are /metrics, /healthz and /readyz.\n");
}

HttpResponse StatusPages::Metrics() {
  HttpResponse response;
  // Prometheus 3 fails a scrape whose Content-Type it does not know.
  response.headers.emplace_back("Content-Type", std::string(kTextContentType));
  response.body.reserve(last_size_ + last_size_ / 8);
  registry_.Render(response.body);
  if (more_) more_(response.body);
  last_size_ = response.body.size();
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

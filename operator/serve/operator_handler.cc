// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/operator_handler.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "operator/model/metric_filter.h"

namespace telltale {
namespace {

constexpr std::string_view kRequests = "telltale_discovery_requests_total";
constexpr std::string_view kRequestsHelp = "Discovery requests by HTTP status.";

constexpr std::string_view kLanding =
    "Telltale operator\n"
    "  /sd/v1/targets  what Prometheus scrapes (http_sd); with ?class=NAME: in that scrape class\n"
    "  /logs/v1/pods?node=NAME\n"
    "                  whose stdout the node agent there reads\n"
    "  /metrics        the operator's own metrics\n"
    "  /healthz        the process lives\n"
    "  /readyz         the caches are synced and the webhook can serve\n";

// The first name in a query string that is not `known`; empty if there is none.
std::string UnknownParameter(std::string_view query, std::string_view known) {
  for (const std::string_view pair : Split(query, '&')) {
    const std::string_view name = pair.substr(0, pair.find('='));
    if (!name.empty() && name != known) return std::string(name);
  }
  return "";
}

// The DocumentName that is asked for with class=NAME and filter=NAME; a sentence if it is none. A
// parameter that is ignored would mislead: two shards would each scrape everything.
std::string DecodeDocumentName(std::string_view query, std::string& out) {
  std::string scrape_class, filter;
  for (const std::string_view pair : Split(query, '&')) {
    if (query.empty()) break;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == "class" && scrape_class.empty() && IsScrapeClass(value)) {
      scrape_class = value;
    } else if (name == "filter" && filter.empty() && IsFilterName(value)) {
      filter = value;
    } else if (name == "class" || name == "filter" || name.empty()) {
      return "ask for ?class=NAME and filter=NAME, each once; a class has 1 to 63 lower case "
             "letters, digits and -, a filter 32 hexadecimal digits\n";
    } else {
      return "unknown query parameter " + std::string(name) +
             ": /sd/v1/targets takes class and filter, and answers the whole list\n";
    }
  }
  out = filter.empty() ? scrape_class : scrape_class + "/" + filter;
  return "";
}

// In a time that does not tell how much of it was right.
bool Same(std::string_view a, std::string_view b) {
  unsigned differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differs |= static_cast<unsigned char>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  }
  return differs == 0 && !b.empty();
}

}  // namespace

OperatorHandler::OperatorHandler(GetDocument document, std::function<std::string()> not_ready,
                                 Answer node_pods, Registry& registry)
    : document_(std::move(document)),
      not_ready_(std::move(not_ready)),
      node_pods_(std::move(node_pods)),
      registry_(registry),
      served_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "200"}})),
      not_synced_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "503"}})),
      bad_request_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "400"}})),
      unauthorized_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "401"}})) {}

std::optional<HttpResponse> OperatorHandler::Unauthorized(const HttpRequest& request) const {
  if (!token_) return std::nullopt;
  const std::string* sent = FindHeader(request.headers, "Authorization");
  // Once more with what the file holds now: its content may just have changed.
  for (int look = 0; look < 2; ++look) {
    const auto token = token_->Get();
    if (token && !token->empty() && sent && Same(*sent, "Bearer " + *token)) return std::nullopt;
    if (sent) token_->Rejected();
  }
  HttpResponse response =
      TextResponse(401,
                   "this needs the header Authorization: Bearer TOKEN, with the token of "
                   "--discovery-token-file\n");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

HttpResponse OperatorHandler::Discovery(const HttpRequest& request) const {
  if (auto unauthorized = Unauthorized(request)) {
    unauthorized_.Add();
    return *std::move(unauthorized);
  }
  std::string name;
  if (std::string wrong = DecodeDocumentName(request.query(), name); !wrong.empty()) {
    bad_request_.Add();
    return TextResponse(400, std::move(wrong));
  }
  auto document = name.empty() || !class_document_ ? document_() : class_document_(name);
  if (!document) {
    // Prometheus keeps its last list on an error; an empty or partial one would drop targets.
    not_synced_.Add();
    return TextResponse(503, "the caches are not synced yet; ask again in a moment\n");
  }
  served_.Add();
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  response.pieces = std::move(document);
  return response;
}

HttpResponse OperatorHandler::NodePods(const HttpRequest& request) const {
  if (auto unauthorized = Unauthorized(request)) return *std::move(unauthorized);
  if (const std::string name = UnknownParameter(request.query(), "node"); !name.empty()) {
    return TextResponse(400,
                        "unknown query parameter " + name + ": ask for /logs/v1/pods?node=NAME\n");
  }
  return node_pods_(request);
}

HttpResponse OperatorHandler::Route(const HttpRequest& request) const {
  const std::string_view path = request.path();
  if (path == "/sd/v1/targets") return Discovery(request);
  if (path == "/logs/v1/pods") return NodePods(request);
  if (path == "/healthz") return TextResponse(200, "ok\n");
  if (path == "/readyz") {
    const std::string reason = not_ready_();
    return reason.empty() ? TextResponse(200, "ok\n") : TextResponse(503, reason + "\n");
  }
  if (path == "/metrics") {
    HttpResponse response;
    response.headers = {{"Content-Type", std::string(kTextContentType)}};
    registry_.Render(response.body);
    return response;
  }
  if (path == "/") return TextResponse(200, std::string(kLanding));
  return TextResponse(404, "nothing is served here; see / for what is\n");
}

HttpResponse OperatorHandler::operator()(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return TextResponse(405, "only GET and HEAD are served here\n");
  }
  return Route(request);
}

}  // namespace telltale

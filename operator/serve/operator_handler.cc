// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/operator_handler.h"

namespace telltale {
namespace {

constexpr std::string_view kRequests = "telltale_discovery_requests_total";
constexpr std::string_view kRequestsHelp = "Discovery requests by HTTP status.";

constexpr std::string_view kLanding =
    "Telltale operator\n"
    "  /sd/v1/targets  what Prometheus scrapes (http_sd)\n"
    "  /logs/v1/pods?node=NAME\n"
    "                  whose stdout the node agent there reads\n"
    "  /metrics        the operator's own metrics\n"
    "  /healthz        the process lives\n"
    "  /readyz         the caches are synced and the webhook can serve\n";

}  // namespace

OperatorHandler::OperatorHandler(GetDocument document, std::function<std::string()> not_ready,
                                 Answer node_pods, Registry& registry)
    : document_(std::move(document)),
      not_ready_(std::move(not_ready)),
      node_pods_(std::move(node_pods)),
      registry_(registry),
      served_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "200"}})),
      refused_(registry.AddCounter(kRequests, kRequestsHelp, {{"code", "503"}})) {}

HttpResponse OperatorHandler::Discovery() const {
  auto document = document_();
  if (!document) {
    // Prometheus keeps its last list on an error; an empty or partial one would drop targets.
    refused_.Add();
    return TextResponse(503, "the caches are not synced yet; ask again in a moment\n");
  }
  served_.Add();
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  response.pieces = std::move(document);
  return response;
}

HttpResponse OperatorHandler::Route(const HttpRequest& request) const {
  const std::string_view path = request.path();
  if (path == "/sd/v1/targets") return Discovery();
  if (path == "/logs/v1/pods") return node_pods_(request);
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

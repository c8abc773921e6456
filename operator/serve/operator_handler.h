// SPDX-License-Identifier: Apache-2.0
//
// What the operator answers over plain HTTP on --http-listen: discovery, the node agents' pods,
// metrics, health. Runs on the server's io thread and only hands out bytes that others made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/metrics/registry.h"
#include "common/net/http/http_server.h"

namespace telltale {

class OperatorHandler {
 public:
  // The newest discovery document, null before the first.
  using GetDocument = std::function<std::shared_ptr<const BodyPieces>()>;
  using Answer = std::function<HttpResponse(const HttpRequest&)>;
  // `not_ready` gives the reason why the operator is not ready, empty when it is; `node_pods`
  // answers node agents.
  OperatorHandler(GetDocument document, std::function<std::string()> not_ready, Answer node_pods,
                  Registry& registry);

  HttpResponse operator()(const HttpRequest& request) const;

 private:
  HttpResponse Discovery() const;
  HttpResponse Route(const HttpRequest& request) const;

  GetDocument document_;
  std::function<std::string()> not_ready_;
  Answer node_pods_;
  Registry& registry_;
  Counter& served_;
  Counter& refused_;
};

}  // namespace telltale

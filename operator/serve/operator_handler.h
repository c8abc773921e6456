// SPDX-License-Identifier: Apache-2.0
//
// What the operator answers over plain HTTP on --http-listen: discovery, the node agents' pods,
// metrics, health. Runs on the server's io thread and only hands out bytes that others made.
//
// With a token, discovery and the node agents' pods are for those that send it, as they name every
// tenant's pods; metrics and health stay open.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/metrics/registry.h"
#include "common/net/http/http_server.h"
#include "common/net/http/token_source.h"

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
  // By DocumentName, what is asked for with ?class=NAME and filter=NAME; before, none is known.
  using GetClassDocument =
      std::function<std::shared_ptr<const BodyPieces>(const std::string& name)>;
  void ServeClasses(GetClassDocument document) { class_document_ = std::move(document); }
  // From now on Authorization must be "Bearer " and this token.
  void RequireToken(std::shared_ptr<TokenSource> token) { token_ = std::move(token); }

  HttpResponse operator()(const HttpRequest& request) const;

 private:
  HttpResponse Discovery(const HttpRequest& request) const;
  HttpResponse NodePods(const HttpRequest& request) const;
  std::optional<HttpResponse> Unauthorized(const HttpRequest& request) const;
  HttpResponse Route(const HttpRequest& request) const;

  GetDocument document_;
  GetClassDocument class_document_;
  std::function<std::string()> not_ready_;
  Answer node_pods_;
  Registry& registry_;
  std::shared_ptr<TokenSource> token_;  // null: none is asked for
  Counter &served_, &not_synced_, &bad_request_, &unauthorized_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What the operator answers over plain HTTP on --http-listen: discovery, metrics, health. Runs on
// the server's io thread and only hands out bytes that others made.
#pragma once

#include <functional>
#include <string>

#include "common/metrics/registry.h"
#include "common/net/http_server.h"
#include "operator/store/published.h"

namespace telltale {

class OperatorHandler {
 public:
  // `not_ready` gives the reason why the operator is not ready, empty when it is.
  OperatorHandler(const Published<std::string>& document, std::function<std::string()> not_ready,
                  Registry& registry);

  HttpResponse operator()(const HttpRequest& request) const;

 private:
  HttpResponse Discovery() const;
  HttpResponse Route(const HttpRequest& request) const;

  const Published<std::string>& document_;
  std::function<std::string()> not_ready_;
  Registry& registry_;
  Counter& served_;
  Counter& refused_;
};

}  // namespace telltale

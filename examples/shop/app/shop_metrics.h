// SPDX-License-Identifier: Apache-2.0
//
// Every metric of the shop, made once at the start: looking a series up by its labels costs more
// than counting. One of each kind that people meet first. Thread-safe.
//
// Names: a prefix of the application, base units (seconds, bytes), `_total` on counters. A help
// text on each, because a stranger reads it at night.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <string>

namespace shop {

class Metrics {
 public:
  explicit Metrics(const std::string& version);

  // What a handler of the web service reports when a request is done. `error` is empty unless it
  // failed.
  void HttpRequestDone(const std::string& handler, const std::string& method, int code,
                       double seconds, const std::string& error);
  prometheus::Gauge& Stock(const std::string& product, const std::string& warehouse);

  // The page that Prometheus reads, text format 0.0.4.
  std::string Page() const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Gauge>& stock_;
  prometheus::Family<prometheus::Counter>& http_requests_;
  prometheus::Family<prometheus::Counter>& http_failures_;
  prometheus::Family<prometheus::Histogram>& http_seconds_;

 public:
  prometheus::Counter& orders;            // only grows; ask for its rate()
  prometheus::Gauge& queue_length;        // goes up and down
  prometheus::Histogram& basket_value;    // counts by size: quantiles over all pods
  prometheus::Summary& checkout_seconds;  // quantiles of this pod alone
};

}  // namespace shop

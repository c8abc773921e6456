// SPDX-License-Identifier: Apache-2.0
#include "examples/shop/app/shop_metrics.h"

#include <prometheus/text_serializer.h>

namespace shop {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;
using Quantiles = prometheus::Summary::Quantiles;

const Buckets kBasketValue{20, 40, 60, 80, 100};
// From a tenth of a millisecond to ten seconds.
const Buckets kSeconds{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10};
// A quantile and how far the answer may be off.
const Quantiles kCheckout{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}};

}  // namespace

Metrics::Metrics(const std::string& version)
    : stock_(prometheus::BuildGauge()
                 .Name("shop_stock")
                 .Help("Pieces of a product in a warehouse.")
                 .Register(registry_)),
      http_requests_(prometheus::BuildCounter()
                         .Name("shop_http_requests_total")
                         .Help("HTTP requests answered, by the status code of the answer; "
                               "requests for metrics do not count.")
                         .Register(registry_)),
      http_failures_(prometheus::BuildCounter()
                         .Name("shop_http_request_failures_total")
                         .Help("HTTP requests that failed, by what went wrong.")
                         .Register(registry_)),
      http_seconds_(prometheus::BuildHistogram()
                        .Name("shop_http_request_duration_seconds")
                        .Help("Time from the first byte of a request to the last of its answer.")
                        .Register(registry_)),
      orders(prometheus::BuildCounter()
                 .Name("shop_orders_total")
                 .Help("Orders that were paid.")
                 .Register(registry_)
                 .Add({})),
      queue_length(prometheus::BuildGauge()
                       .Name("shop_queue_length")
                       .Help("Customers waiting at the checkout.")
                       .Register(registry_)
                       .Add({})),
      basket_value(prometheus::BuildHistogram()
                       .Name("shop_basket_value")
                       .Help("What the baskets that were paid cost, in euros.")
                       .Register(registry_)
                       .Add({}, kBasketValue)),
      checkout_seconds(prometheus::BuildSummary()
                           .Name("shop_checkout_seconds")
                           .Help("How long customers took at the checkout.")
                           .Register(registry_)
                           .Add({}, kCheckout)) {
  prometheus::BuildGauge()
      .Name("shop_build_info")
      .Help("Always 1; the label says which version this is.")
      .Register(registry_)
      .Add({{"version", version}})
      .Set(1);
}

void Metrics::HttpRequestDone(const std::string& handler, const std::string& method, int code,
                              double seconds, const std::string& error) {
  // Add gives the series of these labels when it is there already. Labels have few values each:
  // never put an id or a whole path into one.
  http_requests_.Add({{"handler", handler}, {"method", method}, {"code", std::to_string(code)}})
      .Increment();
  http_seconds_.Add({{"handler", handler}, {"method", method}}, kSeconds).Observe(seconds);
  if (!error.empty()) http_failures_.Add({{"error", error}}).Increment();
}

prometheus::Gauge& Metrics::Stock(const std::string& product, const std::string& warehouse) {
  return stock_.Add({{"product", product}, {"warehouse", warehouse}});
}

std::string Metrics::Page() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace shop

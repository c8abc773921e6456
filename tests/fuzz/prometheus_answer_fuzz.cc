// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus, or whatever answers at its address, says of the targets and of the sidecars.
#include <algorithm>

#include "common/base/check.h"
#include "operator/reconcile/prometheus_poller.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  static JsonParser parser;
  const std::string_view text = FuzzText(data, size);
  PrometheusView view;
  const Status targets = ParseActiveTargets(parser, text, view);
  const Status pods = ParseLoggingPods(parser, text, view);
  for (const Status& read : {targets, pods}) {
    if (!read.ok()) TELLTALE_CHECK(!read.error().message.empty());
  }
  for (const auto& [key, report] : view.reports) {
    TELLTALE_CHECK(std::count(key.begin(), key.end(), '|') >= 2);
    TELLTALE_CHECK(report.scraped || !report.up);
  }
  for (const std::string& pod : view.logging_pods) {
    TELLTALE_CHECK(pod.find('/') != std::string::npos);
  }
  return 0;
}

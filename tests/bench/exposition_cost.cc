// SPDX-License-Identifier: Apache-2.0
//
// What one /metrics page costs, ours beside prometheus-cpp's: the same 1,000 series (500 counters,
// 400 gauges, 10 histograms of ten buckets) rendered again and again in this process. Prints one
// line of JSON: milliseconds of processor time a page (the best of the rounds), and how many times
// as long prometheus-cpp takes.
//
//   build/release/bin/bench_exposition     (preset release with -DTELLTALE_TESTS=ON; or dev)
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "common/metrics/registry.h"

namespace telltale {
namespace {

constexpr int kCounters = 500, kGauges = 400, kHistograms = 10, kRounds = 15, kPages = 20;
// A histogram has its buckets, +Inf, sum and count: 13 samples, so all are 1,030.
const std::vector<double> kBounds = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5};

double GaugeValue(int i) { return i * 1.2345678e3; }
std::string Pod(int i) { return "checkout-7d9f8c6b5d-x" + std::to_string(i); }

void FillOurs(Registry& registry) {
  for (int i = 0; i < kCounters; ++i) {
    const Labels labels = {{"code", std::to_string(200 + i % 5)}, {"pod", Pod(i)}};
    registry.AddCounter("requests_total", "Requests.", labels).Add(static_cast<unsigned>(i) * 977);
  }
  for (int i = 0; i < kGauges; ++i) {
    registry.AddGauge("memory_bytes", "Memory.", {{"pod", Pod(i)}}).Set(GaugeValue(i));
  }
  for (int i = 0; i < kHistograms; ++i) {
    auto& histogram =
        registry.AddHistogram("latency_seconds", "Latency.", kBounds, {{"pod", Pod(i)}});
    for (int n = 0; n < 100; ++n) histogram.Observe(n * .04);
  }
}

void FillTheirs(prometheus::Registry& registry) {
  auto& requests =
      prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(registry);
  for (int i = 0; i < kCounters; ++i) {
    requests.Add({{"code", std::to_string(200 + i % 5)}, {"pod", Pod(i)}}).Increment(i * 977.0);
  }
  auto& memory = prometheus::BuildGauge().Name("memory_bytes").Help("Memory.").Register(registry);
  for (int i = 0; i < kGauges; ++i) memory.Add({{"pod", Pod(i)}}).Set(GaugeValue(i));
  auto& latency =
      prometheus::BuildHistogram().Name("latency_seconds").Help("Latency.").Register(registry);
  for (int i = 0; i < kHistograms; ++i) {
    auto& histogram = latency.Add({{"pod", Pod(i)}}, kBounds);
    for (int n = 0; n < 100; ++n) histogram.Observe(n * .04);
  }
}

// Of processor time, as other programs share the machine.
double CpuMillis() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class F>
double BestMillis(F render) {
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    const double start = CpuMillis();
    for (int page = 0; page < kPages; ++page) render();
    best = std::min(best, (CpuMillis() - start) / kPages);
  }
  return best;
}

std::size_t Samples(const std::string& page) {
  std::size_t samples = 0;
  for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1)
    samples += page[at] != '#';
  return samples;
}

int Run() {
  Registry ours;
  FillOurs(ours);
  prometheus::Registry theirs;
  FillTheirs(theirs);
  const prometheus::TextSerializer serializer;

  std::string page, other;
  ours.Render(page);
  other = serializer.Serialize(theirs.Collect());
  if (Samples(page) != Samples(other)) {
    std::fprintf(stderr, "bench_exposition: %zu samples of ours, but %zu of prometheus-cpp\n",
                 Samples(page), Samples(other));
    return 1;
  }
  const double our_ms = BestMillis([&] {
    page.clear();
    ours.Render(page);
  });
  const double their_ms = BestMillis([&] { other = serializer.Serialize(theirs.Collect()); });
  std::printf("{\"samples\":%zu,\"ours_ms\":%.4f,\"prometheus_cpp_ms\":%.4f,\"ratio\":%.1f}\n",
              Samples(page), our_ms, their_ms, their_ms / our_ms);
  return 0;
}

}  // namespace
}  // namespace telltale

int main() { return telltale::Run(); }

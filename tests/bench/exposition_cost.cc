// SPDX-License-Identifier: Apache-2.0
//
// What one /metrics page costs, ours in each format beside prometheus-cpp's text: the same series
// (half of them counters, two fifths gauges, a tenth histograms of ten series each) rendered again
// and again in this process. Prints one line of JSON: milliseconds of processor time a page (the
// best of the rounds), and how often a page of ours allocates once there were some before it.
//
//   build/release/bin/bench_exposition [SERIES]     (preset release with -DTELLTALE_TESTS=ON; or
//   dev)
//
// metrics_cost.py runs it, and peers/exposition for the same series in Go.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "common/exposition/page_writer.h"
#include "common/metrics/registry.h"

namespace {
std::size_t allocations = 0;
}  // namespace

// Not inlined, as the compiler would see malloc and free then, and miss their operators.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace telltale {
namespace {

// Seven bounds and +Inf are eight buckets; with sum and count a histogram is ten samples.
const std::vector<double> kBounds = {.005, .01, .05, .1, .5, 1, 5};
constexpr double kSeconds = 1;  // of processor time, for each format

double GaugeValue(int i) { return i * 1.2345678e3; }
std::string Pod(int i) { return "checkout-7d9f8c6b5d-x" + std::to_string(i); }

struct Shape {
  explicit Shape(int series)
      : counters(series / 2), gauges(series * 2 / 5), histograms(series / 100) {}
  int counters, gauges, histograms;
};

void FillOurs(const Shape& shape, Registry& registry) {
  for (int i = 0; i < shape.counters; ++i) {
    const Labels labels = {{"code", std::to_string(200 + i % 5)}, {"pod", Pod(i)}};
    registry.AddCounter("requests_total", "Requests.", labels).Add(static_cast<unsigned>(i) * 977);
  }
  for (int i = 0; i < shape.gauges; ++i) {
    registry.AddGauge("memory_bytes", "Memory.", {{"pod", Pod(i)}}).Set(GaugeValue(i));
  }
  for (int i = 0; i < shape.histograms; ++i) {
    auto& histogram =
        registry.AddHistogram("latency_seconds", "Latency.", kBounds, {{"pod", Pod(i)}});
    for (int n = 0; n < 100; ++n) histogram.Observe(n * .04);
  }
}

void FillTheirs(const Shape& shape, prometheus::Registry& registry) {
  auto& requests =
      prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(registry);
  for (int i = 0; i < shape.counters; ++i) {
    requests.Add({{"code", std::to_string(200 + i % 5)}, {"pod", Pod(i)}}).Increment(i * 977.0);
  }
  auto& memory = prometheus::BuildGauge().Name("memory_bytes").Help("Memory.").Register(registry);
  for (int i = 0; i < shape.gauges; ++i) memory.Add({{"pod", Pod(i)}}).Set(GaugeValue(i));
  auto& latency =
      prometheus::BuildHistogram().Name("latency_seconds").Help("Latency.").Register(registry);
  for (int i = 0; i < shape.histograms; ++i) {
    auto& histogram = latency.Add({{"pod", Pod(i)}}, kBounds);
    for (int n = 0; n < 100; ++n) histogram.Observe(n * .04);
  }
}

// Of processor time, as other programs share the machine.
double CpuMillis() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class F>
double BestMillis(F render) {
  double best = std::numeric_limits<double>::max();
  const double end = CpuMillis() + kSeconds * 1e3;
  do {  // rounds of at least 5 ms, which the clock can tell
    const double start = CpuMillis();
    int pages = 0;
    while (CpuMillis() - start < 5) {
      render();
      ++pages;
    }
    best = std::min(best, (CpuMillis() - start) / pages);
  } while (CpuMillis() < end);
  return best;
}

std::size_t Samples(const std::string& page) {
  std::size_t samples = 0;
  for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1)
    samples += page[at] != '#';
  return samples;
}

struct Cost {
  double ms = 0;
  std::size_t allocations = 0, bytes = 0;
};

Cost CostOf(Registry& registry, PageFormat format) {
  const auto render = [&](std::string& page) {
    page.clear();
    PageWriter writer({.format = format, .escaping = Escaping::kAllowUtf8}, page);
    registry.Render(writer, nullptr);
  };
  std::string page;
  render(page);
  Cost cost;
  cost.ms = BestMillis([&] { render(page); });
  cost.bytes = page.size();
  const std::size_t before = allocations;
  render(page);
  cost.allocations = allocations - before;
  return cost;
}

int Run(int series) {
  const Shape shape(series);
  Registry ours;
  FillOurs(shape, ours);
  prometheus::Registry theirs;
  FillTheirs(shape, theirs);
  const prometheus::TextSerializer serializer;

  std::string page, other;
  ours.Render(page);
  other = serializer.Serialize(theirs.Collect());
  if (Samples(page) != Samples(other)) {
    std::fprintf(stderr, "bench_exposition: %zu samples of ours, but %zu of prometheus-cpp\n",
                 Samples(page), Samples(other));
    return 1;
  }
  std::printf("{\"samples\":%zu", Samples(page));
  for (const auto& [name, format] :
       {std::pair("text", PageFormat::kText), std::pair("openmetrics", PageFormat::kOpenMetrics),
        std::pair("protobuf", PageFormat::kProtobuf)}) {
    const Cost cost = CostOf(ours, format);
    std::printf(",\"%s\":{\"ms\":%.4f,\"allocations\":%zu,\"bytes\":%zu}", name, cost.ms,
                cost.allocations, cost.bytes);
  }
  std::printf(",\"prometheus_cpp\":{\"ms\":%.4f}}\n",
              BestMillis([&] { other = serializer.Serialize(theirs.Collect()); }));
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  const int series = argc > 1 ? std::atoi(argv[1]) : 1'000;
  if (series < 100 || series > 10'000'000) {
    std::fputs("usage: bench_exposition [SERIES]     100 to 10,000,000; default 1,000\n", stderr);
    return 2;
  }
  return telltale::Run(series);
}

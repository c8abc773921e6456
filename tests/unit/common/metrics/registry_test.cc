// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/registry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <new>
#include <thread>

#include "common/exposition/proto_parser.h"
#include "common/metrics/process_metrics.h"
#include "tests/golden.h"

namespace {
// Allocations of this thread, to hold the promise that a scrape makes none.
thread_local std::size_t g_allocations = 0;
}  // namespace

// Not inlined, or the compiler takes malloc and operator delete for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  void* const made = std::malloc(size);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace telltale {
namespace {

std::string Page(Registry& registry) {
  std::string out;
  registry.Render(out);
  return out;
}

// In an order unlike the page's, with labels unlike their order.
void Fill(Registry& registry) {
  auto& requests = registry.AddCounter("test_requests_total", "Requests by code and method.",
                                       {{"method", "put"}, {"code", "200"}});
  requests.Add();
  requests.Add(2);
  registry.AddCounter("test_requests_total", "Requests by code and method.",
                      {{"code", "404"}, {"method", "get"}});
  registry
      .AddCounter("test_requests_total", "Requests by code and method.",
                  {{"code", "200"}, {"method", "get"}})
      .Set(std::numeric_limits<std::uint64_t>::max());
  registry
      .AddGauge("telltale_build_info",
                "Always 1; the labels say which program and version this is.",
                {{"version", "0.1.0"}, {"program", "telltale-test"}})
      .Set(1);
  const std::string help = "A backslash \\, a newline \n and a \"quote\".";
  registry.AddGauge("test_escapes", help, {{"path", "C:\\x"}, {"text", "two\nlines, \"quoted\""}})
      .Set(1);
  registry.AddGauge("test_escapes", help, {{"path", "gr\xC3\xBCn"}, {"text", "bad \xFF"}}).Set(2);
  const auto number = [&](const char* name) -> Gauge& {
    return registry.AddGauge("test_numbers", "Numbers in Go's spelling.", {{"case", name}});
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  number("nan").Set(std::numeric_limits<double>::quiet_NaN());
  number("infinity").Set(kInfinity);
  number("minus_infinity").Set(-kInfinity);
  number("tenth").Set(0.1);
  number("negative").Add(-2.5);
  number("big").Set(1e300);
  number("unset");
  const auto duration = [&](const char* code) -> Histogram& {
    return registry.AddHistogram("test_request_duration_seconds", "How long it took.",
                                 {0.005, 0.25, 10}, {{"code", code}});
  };
  duration("500");
  for (const double seconds : {0.003, 0.125, 0.25, 60.0}) duration("200").Observe(seconds);
  registry.AddFloatCounter("test_cpu_seconds_total", "Seconds of something.").Set(1.25);
}

std::string Page(Registry& registry, PageStyle style, ExtraFamilies* extra = nullptr) {
  std::string out;
  PageWriter writer(style, out);
  registry.Render(writer, extra);
  return out;
}

TEST(Registry, RendersThePageThatIsWrittenDown) {
  Registry registry;
  Fill(registry);
  ExpectGolden("metrics/registry.txt", Page(registry));
  ExpectGolden("metrics/registry.openmetrics.txt",
               Page(registry, {PageFormat::kOpenMetrics, Escaping::kAllowUtf8}));
  ExpectGolden("metrics/registry.dots.txt", Page(registry, {PageFormat::kText, Escaping::kDots}));
}

TEST(Registry, SaysTheSameInProtobufAsInText) {
  Registry registry;
  Fill(registry);
  const auto families = ParseProto(Page(registry, {PageFormat::kProtobuf, Escaping::kValues}), 100);
  ASSERT_TRUE(families.ok()) << families.error().message;
  std::string text;
  PageWriter writer({}, text);
  for (const Family& family : *families) {
    writer.Begin({family.name, family.help, family.unit, family.type});
    for (const Metric& metric : family.metrics) writer.Add(metric);
    writer.End();
  }
  std::string expected = Page(registry);  // protobuf has every value as a double
  const std::string most = "18446744073709551615";
  expected.replace(expected.find(most), most.size(), "18446744073709551616");
  EXPECT_EQ(text, expected);
}

// Families b, d and z, and metrics for c of the registry.
class Extra final : public ExtraFamilies {
 public:
  void WriteBefore(std::string_view name, PageWriter& writer) override {
    for (; next_ < names_.size() && names_[next_] < name; ++next_) WriteNext(writer);
  }
  void WriteInto(std::string_view name, MetricType type, PageWriter& writer) override {
    if (name == "c_total" && type == MetricType::kCounter) writer.AddValue({{"by", "extra"}}, 7);
  }
  void WriteRest(PageWriter& writer) override {
    for (; next_ < names_.size(); ++next_) WriteNext(writer);
  }

 private:
  void WriteNext(PageWriter& writer) {
    writer.Begin({names_[next_], {}, {}, MetricType::kGauge});
    writer.AddValue({}, 1);
    writer.End();
  }
  std::vector<std::string> names_{"b", "d", "z"};
  std::size_t next_ = 0;
};

TEST(Registry, HasFamiliesOfOthersInItsOrderAndUnderItsHeads) {
  Registry registry;
  registry.AddCounter("c_total", "C.").Add(2);
  registry.AddGauge("e", "E.");
  registry.Remove("e", {});
  Extra extra;
  EXPECT_EQ(Page(registry, {}, &extra),
            "# TYPE b gauge\nb 1\n# HELP c_total C.\n# TYPE c_total counter\nc_total 2\n"
            "c_total{by=\"extra\"} 7\n# TYPE d gauge\nd 1\n# TYPE z gauge\nz 1\n");
  EXPECT_EQ(registry.TypeOf("c_total"), MetricType::kCounter);
  EXPECT_EQ(registry.TypeOf("e"), std::nullopt);
  EXPECT_EQ(registry.TypeOf("c"), std::nullopt);
}

TEST(Registry, GivesTheSameSeriesForTheSameLabelsInAnyOrder) {
  Registry registry;
  Counter& first = registry.AddCounter("a_total", "A.", {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(&first, &registry.AddCounter("a_total", "A.", {{"y", "2"}, {"x", "1"}}));
  EXPECT_NE(&first, &registry.AddCounter("a_total", "A.", {{"x", "1"}}));
}

TEST(Registry, AppendsAndIsEmptyWithoutSeries) {
  Registry registry;
  std::string out = "before\n";
  registry.Render(out);
  EXPECT_EQ(out, "before\n");
}

TEST(Registry, ForgetsRemovedSeriesAndTheirFamilyWithTheLast) {
  Registry registry;
  registry.AddGauge("disk_bytes", "D.", {{"device", "a"}}).Set(1);
  registry.AddGauge("disk_bytes", "D.", {{"device", "b"}}).Set(2);
  registry.Remove("disk_bytes", {{"device", "a"}});
  registry.Remove("disk_bytes", {{"device", "zz"}});
  registry.Remove("other", {});
  EXPECT_EQ(Page(registry),
            "# HELP disk_bytes D.\n# TYPE disk_bytes gauge\ndisk_bytes{device=\"b\"} 2\n");
  registry.Remove("disk_bytes", {{"device", "b"}});
  EXPECT_EQ(Page(registry), "");
  registry.AddGauge("disk_bytes", "D.", {{"device", "a"}});
  EXPECT_EQ(Page(registry),
            "# HELP disk_bytes D.\n# TYPE disk_bytes gauge\ndisk_bytes{device=\"a\"} 0\n");
}

TEST(Registry, CallsTheRefreshesBeforeEachPageAndTheyMayMakeSeries) {
  Registry registry;
  int calls = 0;
  registry.OnRender([&] { registry.AddGauge("late", "L.").Set(++calls); });
  EXPECT_EQ(Page(registry), "# HELP late L.\n# TYPE late gauge\nlate 1\n");
  EXPECT_EQ(Page(registry), "# HELP late L.\n# TYPE late gauge\nlate 2\n");
}

TEST(Registry, CountsNaNAboveEveryBoundAndBoundsAreInclusive) {
  Histogram histogram({1, 2});
  histogram.Observe(1);
  histogram.Observe(2);
  histogram.Observe(2.0001);
  histogram.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(histogram.Cumulative(), (std::vector<std::uint64_t>{1, 2, 4}));
}

TEST(Registry, DoesNotAllocateOnceThePageHasItsSize) {
  Registry registry;
  AddProcessMetrics(registry, "telltale-test", "0.1.0");
  for (int i = 0; i < 300; ++i) {
    const Labels labels{{"i", std::to_string(i)}};
    registry.AddCounter("c_total", "C.", labels).Add(1u << 20);
    registry.AddGauge("g", "G.", labels).Set(i * 0.1);
    registry.AddHistogram("h_seconds", "H.", {0.1, 1, 10}, labels).Observe(0.5);
  }
  std::string out;
  registry.Render(out);
  out.reserve(out.size() + 100);  // a number of the process may grow a digit
  out.clear();
  const std::size_t before = g_allocations;
  registry.Render(out);
  EXPECT_EQ(g_allocations, before);
  EXPECT_NE(out.find("process_open_fds"), std::string::npos);
}

TEST(Registry, LosesNoUpdateOfManyThreadsWhilePagesAreRendered) {
  Registry registry;
  Counter& counter = registry.AddCounter("c_total", "C.");
  Gauge& gauge = registry.AddGauge("g", "G.");
  Histogram& histogram = registry.AddHistogram("h_seconds", "H.", {1});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5'000; ++i) {
        counter.Add();
        gauge.Add(1);
        histogram.Observe(i % 2 == 0 ? 0.5 : 2);
        if (i % 1'000 == 0) registry.AddCounter("t_total", "T.", {{"t", std::to_string(t)}}).Add();
      }
    });
  }
  for (int i = 0; i < 50; ++i) (void)Page(registry);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.Value(), 15'000u);
  EXPECT_EQ(gauge.Value(), 15'000);
  EXPECT_EQ(histogram.Cumulative(), (std::vector<std::uint64_t>{7'500, 15'000}));
  EXPECT_EQ(histogram.Sum(), 7'500 * 2.5);
  EXPECT_EQ(registry.AddCounter("t_total", "T.", {{"t", "1"}}).Value(), 5u);
}

TEST(Registry, NamesThatComeFromInputAreAnErrorAndChangeNothing) {
  Registry registry;
  registry.AddCounter("a_total", "A.").Add();
  registry.AddHistogram("h", "H.", {1, 2}).Observe(1);
  const std::string before = Page(registry);
  EXPECT_FALSE(registry.TryGauge("a_total", "A.", {}).ok());
  EXPECT_FALSE(registry.TryGauge("h", "H.", {}).ok());
  EXPECT_FALSE(registry.TryFloatCounter("a_total", "A.", {}).ok());
  EXPECT_FALSE(registry.TryHistogram("h", "H.", {1, 3}, {}).ok());
  EXPECT_FALSE(registry.TryHistogram("h", "Another.", {1, 2}, {{"a", "x"}}).ok());
  EXPECT_FALSE(registry.TryHistogram("h", "H.", {1, 2}, {{"le", "x"}}).ok());
  EXPECT_FALSE(registry.TryHistogram("new", "H.", {2, 1}, {}).ok());
  EXPECT_FALSE(registry.TryGauge("1a", "A.", {}).ok());
  EXPECT_FALSE(registry.TryGauge("", "A.", {}).ok());
  EXPECT_FALSE(registry.TryGauge("new", "", {}).ok());
  for (const char* label : {"", "a b", "1a", "a:b", "a\"", "a\n"}) {
    EXPECT_FALSE(registry.TryGauge("new", "A.", {{label, "x"}}).ok()) << label;
  }
  EXPECT_FALSE(registry.TryGauge("new", "A.", {{"a", "x"}, {"a", "y"}}).ok());
  EXPECT_EQ(Page(registry), before);
  EXPECT_TRUE(registry.TryGauge("new", "A.", {{"le", "x"}}).ok()) << "only histograms have an le";
}

TEST(Registry, AFamilyWithoutSeriesIsGoneAndItsNameMayMeanAnotherThing) {
  Registry registry;
  ASSERT_TRUE(registry.TryGauge("a", "A.", {{"x", "1"}}).ok());
  ASSERT_TRUE(registry.TryGauge("a", "A.", {{"x", "2"}}).ok());
  registry.Remove("a", {{"x", "1"}});
  EXPECT_FALSE(registry.TryHistogram("a", "H.", {1}, {}).ok());
  registry.Remove("a", {{"x", "2"}});
  registry.Remove("a", {{"a b", "2"}});
  EXPECT_TRUE(registry.TryHistogram("a", "H.", {1}, {}).ok());
}

TEST(RegistryDeathTest, EndsTheProcessWhenOneNameMeansTwoThings) {
  Registry registry;
  registry.AddCounter("a_total", "A.");
  EXPECT_DEATH(registry.AddGauge("a_total", "A."), "bug in Telltale");
  EXPECT_DEATH(registry.AddFloatCounter("a_total", "A."), "bug in Telltale");
  EXPECT_DEATH(registry.AddCounter("a_total", "Another help."), "bug in Telltale");
  registry.AddHistogram("h", "H.", {1, 2});
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {1, 3}), "bug in Telltale");
}

TEST(RegistryDeathTest, EndsTheProcessWhenANameOrABoundIsNotAllowed) {
  Registry registry;
  EXPECT_DEATH(registry.AddCounter("a-b", "A."), "bug in Telltale");
  EXPECT_DEATH(registry.AddCounter("1a", "A."), "bug in Telltale");
  EXPECT_DEATH(registry.AddCounter("a_total", ""), "bug in Telltale");
  EXPECT_DEATH(registry.AddCounter("a_total", "A.", {{"a:b", "x"}}), "bug in Telltale");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {1}, {{"le", "x"}}), "bug in Telltale");
  EXPECT_DEATH(registry.AddCounter("a_total", "A.", {{"a", "x"}, {"a", "y"}}), "bug in Telltale");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {2, 1}), "bug in Telltale");
}

}  // namespace
}  // namespace telltale

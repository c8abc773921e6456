// SPDX-License-Identifier: Apache-2.0
//
// Counters, gauges and histograms, and the page that Prometheus reads. Handles are made once, at
// start, and used without a lock; the page is rendered from prefixes that were escaped when the
// series was made. Used by the operator and the sidecar alike: prometheus-cpp has no static
// library in Debian and allocates seven times per series and scrape (docs/decisions).
//
// Threads: Counter, Gauge and Histogram are updated from any thread; making families and series
// and rendering take the registry's lock. A family or series lives as long as its registry.
// Exposition: every format of common/exposition; families of others may stand on the same page.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/exposition/page_writer.h"

namespace telltale {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t Value() const { return value_.load(std::memory_order_relaxed); }
  // For counters kept by somebody else (the kernel's, or one restored from the journal).
  void Set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(double v) { value_.store(v, std::memory_order_relaxed); }
  void Add(double v) { value_.fetch_add(v, std::memory_order_relaxed); }
  double Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  explicit Histogram(std::vector<double> upper_bounds);
  void Observe(double v, std::uint64_t times = 1);
  // For counts kept by somebody else: `n` observations in the bucket at `index`, the one above all
  // bounds being the last; and what they add to the sum.
  void AddTo(std::size_t index, std::uint64_t n) {
    counts_[index].fetch_add(n, std::memory_order_relaxed);
  }
  void AddToSum(double v) { sum_.fetch_add(v, std::memory_order_relaxed); }
  const std::vector<double>& bounds() const { return bounds_; }
  // Cumulative counts, one per bound and one for +Inf; then the sum.
  std::vector<std::uint64_t> Cumulative() const;
  double Sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  friend class Registry;  // renders the counts without the vector that Cumulative() makes
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// Families that are not in a registry, for its page: pushed ones. Render calls these in the order
// of the names, with the registry's lock held.
class ExtraFamilies {
 public:
  virtual ~ExtraFamilies() = default;
  // Writes the families whose names sort before `name`.
  virtual void WriteBefore(std::string_view name, PageWriter& writer) = 0;
  // Adds metrics to a family of the registry, which the writer has begun.
  virtual void WriteInto(std::string_view name, MetricType type, PageWriter& writer) = 0;
  // Writes the families that are left.
  virtual void WriteRest(PageWriter& writer) = 0;
};

class Registry {
 public:
  Registry();
  ~Registry();

  // Return the series with these labels and make it at its first use. For names in our code: a bad
  // name, or the same name with another type or help, ends the process. Names follow promlint: base
  // units, counters end in `_total`.
  Counter& AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  // A counter of seconds: exposed as a counter, kept as a number that its owner only lets grow.
  Gauge& AddFloatCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  // For the kernel's own counts, of which only their names say whether they only grow.
  Gauge& AddUntyped(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                          const Labels& labels = {});

  // The same for names that come from a configuration or from log lines: kInvalid with a sentence
  // where the functions above end the process, also for the label `le` of a histogram.
  Result<Gauge*> TryGauge(std::string_view name, std::string_view help, const Labels& labels);
  Result<Gauge*> TryFloatCounter(std::string_view name, std::string_view help,
                                 const Labels& labels);
  Result<Histogram*> TryHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, const Labels& labels);

  // Removes a series, and its family with the last one; then the name may get another type or help.
  // Handles to the series must not be used again. Unknown names and labels are ignored.
  void Remove(std::string_view name, const Labels& labels);

  // Called before every Render, one after the other and without the registry's lock, for values
  // that are cheaper to read than to keep. May make and remove series.
  void OnRender(std::function<void()> refresh);

  // The page: families by name, series by labels, one HELP and TYPE each.
  void Render(PageWriter& writer, ExtraFamilies* extra);
  // Appends it as text 0.0.4.
  void Render(std::string& out);

  // Nothing if there is no such family.
  std::optional<MetricType> TypeOf(std::string_view name);

 private:
  struct Family;
  struct Series;
  // Both change nothing if they fail.
  Result<Family*> FindFamily(std::string_view name, std::string_view help, int type)
      REQUIRES(mutex_);
  Result<Series*> FindSeries(std::string_view name, std::string_view help, int type,
                             const Labels& labels) REQUIRES(mutex_);
  template <class T>
  Result<T*> Find(std::string_view name, std::string_view help, int type, const Labels& labels);
  void Refresh();
  static void Write(const Family& family, PageWriter& writer);
  static void AppendText(const Series& series, bool openmetrics, std::string& out);

  Mutex render_mutex_;  // guards no member: held while callbacks run; taken before mutex_
  Mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_ GUARDED_BY(mutex_);  // sorted by name
  // A deque, so that a callback stays in place while it is called without the lock.
  std::deque<std::function<void()>> refresh_ GUARDED_BY(mutex_);
};

}  // namespace telltale

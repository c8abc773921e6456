// SPDX-License-Identifier: Apache-2.0
//
// bench_decode: what a pod's event costs the operator from the bytes of the stream to the index,
// without the network: lines are cut, parsed, decoded and put into a ClusterIndex that has the
// load's pods and one MonitoringTarget for each app.
//
//   bench_decode --templates=FOLDER [--pods=10000 --apps=200 --events=60000 --piece=65536]
//
// It prints, for three kinds of events (all of the churn; only those that change nothing we keep;
// the initial ones), the time and the allocations per event, of the thread that did it.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <vector>

#include "common/base/flags.h"
#include "operator/kube/watch/line_splitter.h"
#include "operator/kube/watch/watch_event.h"
#include "operator/store/cluster_index.h"
#include "tests/bench/load/churn.h"

namespace {
std::size_t allocations = 0;  // of the only thread
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace telltale::bench {
namespace {

constexpr std::size_t kMaxLine = 16u << 20;

struct Options {
  int pods = 10'000, apps = 200, events = 60'000, piece = 65'536;
  std::string templates;
};

double Now() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The part of Reflector that sees each line.
class Reader {
 public:
  explicit Reader(ReflectorSink& sink) : sink_(sink) {}

  void Feed(std::string_view piece) {
    const std::size_t before = allocations;
    const double start = Now();
    lines_.Feed(piece, [this](std::string_view line) { return OnLine(line); });
    seconds_ += Now() - start;
    allocations_ += allocations - before;
    bytes_ += piece.size();
  }
  void Report(const char* what) {
    const auto per = [this](auto sum) {
      return static_cast<double>(sum) / static_cast<double>(events_);
    };
    std::printf("%-10s %7zu events of %5.0f bytes: %6.2f us, %6.2f allocations, %zu errors\n", what,
                events_, per(bytes_), per(seconds_) * 1e6, per(allocations_), errors_);
    seconds_ = 0;
    events_ = bytes_ = allocations_ = errors_ = 0;
  }

 private:
  bool OnLine(std::string_view line) {
    const Status read =
        ReadWatchEvent(parser_, line, event_,
                       [this](WatchEvent::Type type, JsonValue object, std::string& version) {
                         return type == WatchEvent::Type::kDeleted ? sink_.Deleted(object, version)
                                                                   : sink_.Changed(object, version);
                       });
    ++events_;
    if (!read.ok() || !event_.decoded.ok() || event_.resource_version.empty()) ++errors_;
    return true;
  }

  ReflectorSink& sink_;
  LineSplitter lines_{kMaxLine};
  JsonParser parser_;
  WatchEvent event_;
  double seconds_ = 0;
  std::size_t events_ = 0, bytes_ = 0, allocations_ = 0, errors_ = 0;
};

void AddTargets(ClusterIndex& index, int apps) {
  JsonParser parser;
  std::string version;
  for (int i = 0; i <= apps; ++i) {
    const auto app = static_cast<std::uint16_t>(i);
    const std::string json = R"({"metadata":{"name":")" + AppName(app) + R"(","namespace":")" +
                             NamespaceName(app) +
                             R"("},"spec":{"selector":{"matchLabels":{"app":")" + AppName(app) +
                             R"("}},"metrics":{"endpoints":[{"port":"metrics"}]}}})";
    const Status put = parser.Parse(
        json, [&](JsonValue root) { return index.target_sink().Changed(root, version); });
    if (!put.ok()) std::fprintf(stderr, "%s\n", put.error().message.c_str());
  }
}

// Renders the events into pieces and feeds them.
class Stream {
 public:
  Stream(const Templates& templates, Reader& reader, std::size_t piece)
      : templates_(templates), reader_(reader), piece_(piece) {}

  void Send(EventType type, const PodFill& pod) {
    templates_.Event(type, pod, Encoding::kJson, text_);
    if (text_.size() < piece_) return;
    reader_.Feed(std::string_view(text_).substr(0, piece_));
    text_.erase(0, piece_);
  }
  void End(const char* what) {
    reader_.Feed(text_);
    text_.clear();
    reader_.Report(what);
  }

 private:
  const Templates& templates_;
  Reader& reader_;
  const std::size_t piece_;
  std::string text_;
};

Status Run(const Options& options) {
  Templates templates;
  TELLTALE_TRY(templates.Load(options.templates, false));
  PodTable table;
  Markers markers;
  table.Populate(static_cast<std::uint32_t>(options.pods), static_cast<std::uint16_t>(options.apps),
                 16);
  ClusterIndex index({});
  AddTargets(index, options.apps);
  Reader reader(index.pod_sink());
  Stream stream(templates, reader, static_cast<std::size_t>(options.piece));

  const auto pods = table.Snapshot().pods;
  index.pod_sink().ReplaceBegin();
  for (const PodFill& pod : pods) stream.Send(EventType::kAdded, pod);
  stream.End("initial");
  index.pod_sink().ReplaceEnd();
  (void)index.TakeChanges();

  for (int i = 0; i < options.events; ++i) {
    PodFill pod = pods[static_cast<std::size_t>(i * 7919LL) % pods.size()];
    if (i % 2 != 0) pod.phase = Phase::kTouched;
    stream.Send(EventType::kModified, pod);
  }
  stream.End("unchanged");

  // So fast that it is over at once: the events are wanted, not their times.
  const double rate = 1e9;
  const std::uint64_t from = table.version();
  Churn churn(table, markers);
  churn.Run(rate, options.events / rate);
  std::uint64_t at = from;
  while (at < table.version()) {
    const auto events = table.After(at, 1000, std::chrono::milliseconds(0));
    if (!events || events->empty()) return Fail(Code::kTooLarge, "--events: the log is shorter");
    for (const PodEvent& event : *events) stream.Send(event.type, event.pod);
    at += events->size();
    (void)index.TakeChanges();
  }
  stream.End("churn");
  return {};
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  using namespace telltale;         // NOLINT: a program of one function
  using namespace telltale::bench;  // NOLINT
  Options options;
  Flags flags("bench_decode", "What a pod's event costs from the stream to the index.");
  flags.Add("pods", &options.pods, "N", "pods in the index");
  flags.Add("apps", &options.apps, "N", "apps that they are spread over");
  flags.Add("events", &options.events, "N", "events of each kind, at most 100,000");
  flags.Add("piece", &options.piece, "BYTES", "what the transport gives at once");
  flags.Add("templates", &options.templates, "FOLDER", "what templates.py wrote");
  Status status = flags.Parse(argc, argv);
  if (status.ok()) status = Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench_decode: %s\n", status.error().message.c_str());
  return 1;
}

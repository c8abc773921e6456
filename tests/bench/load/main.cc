// SPDX-License-Identifier: Apache-2.0
//
// bench_load: an API server with many pods that a script commands line by line.
//
//   bench_load --pods=50000 --apps=1000 --templates=FOLDER [--protobuf] [--cert=F --key=F]
//
// It prints one line of JSON when it serves and one for each command on its input:
//   churn RATE SECONDS          events; answers when the time is over
//   drain RATE                  finishes what churn has begun
//   poll PORT TARGET MS [head]  starts to look for the markers; head: only at the start of the page
//   latency                     stops looking; what was measured
//   digest PORT TARGET          fetches the page: is it what the pods ask for?
//   counters
#include <sys/resource.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "common/base/flags.h"
#include "common/base/log.h"
#include "tests/bench/load/churn.h"
#include "tests/bench/load/digest.h"
#include "tests/bench/load/http_get.h"
#include "tests/bench/load/load_server.h"
#include "tests/bench/load/poller.h"

namespace telltale::bench {
namespace {

struct Options {
  int pods = 50'000, apps = 1'000, targets = 1'000, markers = 20;
  std::string templates, cert, key;
  bool protobuf = false, node_logs = false;
};

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double Quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return -1;
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

class Program {
 public:
  explicit Program(Options options) : options_(std::move(options)) {}

  Status Start();
  void Commands();

 private:
  void AddObjects();
  void Command(const std::string& name, std::istream& words);
  void PrintReport(const ChurnReport& report, double cpu) const;
  void PrintLatency();
  void PrintCounters();
  void PrintDigest(std::uint16_t port, const std::string& target);

  const Options options_;
  Templates templates_;
  PodTable table_;
  Markers markers_;
  FakeCluster cluster_{FakeClusterOptions{.log_reads = false}, RealClock()};
  std::unique_ptr<LoadServer> server_;
  std::unique_ptr<Churn> churn_;
  Poller poller_{markers_};
};

void Program::AddObjects() {
  const auto put = [this](const std::string& path, const std::string& json) {
    const Status done = cluster_.Put(path, json);
    if (!done.ok()) std::fprintf(stderr, "%s: %s\n", path.c_str(), done.error().message.c_str());
  };
  const auto add_namespace = [&](const std::string& name) {
    put("/api/v1/namespaces/" + name, R"({"metadata":{"name":")" + name +
                                          R"(","labels":{"kubernetes.io/metadata.name":")" + name +
                                          R"("}},"status":{"phase":"Active"}})");
  };
  for (const char* name : {"telltale", "otel"}) add_namespace(name);
  for (std::uint16_t i = 0; i <= kNamespaces; ++i) add_namespace(NamespaceName(i));
  for (std::uint16_t app = 0; app <= options_.targets; ++app) {
    const std::string ns = NamespaceName(app), name = app == kMarkerApp ? "aa-bench" : AppName(app);
    put("/apis/telltale.dev/v1alpha1/namespaces/" + ns + "/monitoringtargets/" + name,
        R"({"metadata":{"name":")" + name + R"(","namespace":")" + ns +
            R"("},"spec":{"selector":{"matchLabels":{"app":")" + AppName(app) +
            R"("}},"metrics":{"endpoints":[{"port":"metrics","path":"/metrics",)"
            R"("interval":"15s","timeout":"10s"}]})" +
            (options_.node_logs ? R"(,"logs":{"source":"Stdout","collector":"Node"}}})" : "}}"));
  }
}

Status Program::Start() {
  TELLTALE_TRY(templates_.Load(options_.templates, options_.protobuf));
  table_.Populate(static_cast<std::uint32_t>(options_.pods),
                  static_cast<std::uint16_t>(options_.apps),
                  static_cast<std::uint32_t>(options_.markers));
  churn_ = std::make_unique<Churn>(table_, markers_);
  AddObjects();
  server_ = std::make_unique<LoadServer>(table_, templates_, options_.protobuf, cluster_);
  auto plain = server_->Listen("", "");
  if (!plain) return plain.error();
  std::uint16_t tls = 0;
  if (!options_.cert.empty()) {
    auto port = server_->Listen(options_.cert, options_.key);
    if (!port) return port.error();
    tls = *port;
  }
  std::size_t bytes = 0;
  const auto pods = table_.Snapshot().pods;
  for (const PodFill& pod : pods) bytes += templates_.Size(pod);
  std::printf("{\"plain\":%d,\"tls\":%d,\"pods\":%zu,\"pod_bytes\":%zu}\n", *plain, tls,
              pods.size(), bytes / pods.size());
  return {};
}

void Program::Commands() {
  std::fflush(stdout);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    Command(name, words);
    std::fflush(stdout);
  }
}

void Program::Command(const std::string& name, std::istream& words) {
  const double cpu = CpuSeconds();
  if (name == "churn") {
    double rate = 0, seconds = 0;
    words >> rate >> seconds;
    const ChurnReport report = churn_->Run(rate, seconds);
    PrintReport(report, CpuSeconds() - cpu);
  } else if (name == "drain") {
    double rate = 0;
    words >> rate;
    const ChurnReport report = churn_->Drain(rate);
    PrintReport(report, CpuSeconds() - cpu);
  } else if (name == "poll") {
    std::uint16_t port = 0;
    std::string target, head;
    int every = 0;
    words >> port >> target >> every >> head;
    markers_.Forget();
    poller_.Start(port, target, head == "head", std::chrono::milliseconds(every));
    std::printf("{}\n");
  } else if (name == "latency") {
    PrintLatency();
  } else if (name == "digest") {
    std::uint16_t port = 0;
    std::string target;
    words >> port >> target;
    PrintDigest(port, target);
  } else if (name == "counters") {
    PrintCounters();
  } else {
    std::printf("{\"error\":\"no command %s\"}\n", name.c_str());
  }
}

void Program::PrintReport(const ChurnReport& report, double cpu) const {
  std::printf("{\"events\":%llu,\"seconds\":%.3f,\"worst_lag_ms\":%.1f,\"cpu\":%.3f}\n",
              static_cast<unsigned long long>(report.events), report.seconds, report.worst_lag_ms,
              cpu);
}

void Program::PrintLatency() {
  poller_.Stop();
  const Latencies done = markers_.Take();
  const auto print = [](const char* name, const std::vector<double>& v) {
    std::printf("\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f},", name,
                v.size(), Quantile(v, 0.5), Quantile(v, 0.9), Quantile(v, 0.99), Quantile(v, 1));
  };
  std::printf("{");
  print("appear", done.appear_ms);
  print("gone", done.gone_ms);
  std::printf("\"missing\":%zu,\"lingering\":%zu,\"looks\":%llu,\"failures\":%llu}\n", done.missing,
              done.lingering, static_cast<unsigned long long>(poller_.looks()),
              static_cast<unsigned long long>(poller_.failures()));
}

void Program::PrintDigest(std::uint16_t port, const std::string& target) {
  const Digest expected =
      DigestOfPods(table_.Snapshot().pods, static_cast<std::uint16_t>(options_.targets));
  const Page page = Get(port, target, 0, {});
  const Digest served = DigestOfDocument(page.text);
  std::printf("{\"expected\":%llu,\"served\":%llu,\"bytes\":%zu,\"equal\":%s}\n",
              static_cast<unsigned long long>(expected.targets),
              static_cast<unsigned long long>(served.targets), page.text.size(),
              expected == served ? "true" : "false");
}

void Program::PrintCounters() {
  ServerCounters& c = server_->counters();
  const auto number = [](const auto& value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"lists\":%llu,\"watches\":%llu,\"gone\":%llu,\"events\":%llu,\"bytes\":%llu,"
      "\"open_watches\":%llu,\"worst_backlog\":%llu,\"writes\":%llu,\"protobuf\":%s,"
      "\"pods\":%zu,\"cpu\":%.3f}\n",
      number(c.lists), number(c.watches), number(c.gone), number(c.events), number(c.bytes),
      number(c.open_watches), number(c.worst_backlog.exchange(0)), number(c.writes),
      c.protobuf ? "true" : "false", table_.Snapshot().pods.size(), CpuSeconds());
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  using namespace telltale;
  using namespace telltale::bench;
  Options options;
  Flags flags("bench_load", "An API server with many pods, for measuring.");
  flags.Add("pods", &options.pods, "N", "pods in the cluster, markers among them");
  flags.Add("apps", &options.apps, "N", "apps that they are spread over");
  flags.Add("targets", &options.targets, "N", "MonitoringTargets, one for each of the first apps");
  flags.Add("markers", &options.markers, "N", "pods whose changes are timed");
  flags.Add("templates", &options.templates, "FOLDER", "what templates.py wrote");
  flags.Add("protobuf", &options.protobuf, "serve protobuf to clients that ask for it");
  flags.Add("node-logs", &options.node_logs, "the targets also ask for the output of their pods");
  flags.Add("cert", &options.cert, "FILE", "serve TLS too, with this certificate");
  flags.Add("key", &options.key, "FILE", "its key");
  if (const Status parsed = flags.Parse(argc, argv); !parsed.ok()) {
    std::fprintf(stderr, "bench_load: %s\n", parsed.error().message.c_str());
    return 2;
  }
  Program program(options);
  if (const Status started = program.Start(); !started.ok()) {
    std::fprintf(stderr, "bench_load: %s\n", started.error().message.c_str());
    return 1;
  }
  program.Commands();
  std::_Exit(0);  // connections' threads are in the middle of something
}

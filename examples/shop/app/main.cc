// SPDX-License-Identifier: Apache-2.0
//
// A small web shop to try Telltale with: metrics on a path of its own, a log file, and nothing in
// it that knows of Telltale. Nobody shops here; a simulation moves the numbers.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <thread>

#include "common/base/flags.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/signals.h"
#include "common/base/strings.h"
#include "common/net/http/http_server.h"
#include "examples/shop/app/notifications.h"
#include "examples/shop/app/shop_log.h"
#include "examples/shop/app/shop_metrics.h"
#include "examples/shop/app/simulation.h"

namespace shop {
namespace {

using std::chrono::steady_clock;

struct Options {
  std::string listen = ":8080";
  std::string metrics_path = "/api/shop-metrics";
  std::string log_file = "/var/log/shop/shop.log";
  std::string log_interval = "10s";
  int seed = 0;
  bool version = false, help = false;
  std::chrono::milliseconds interval{0};  // log_interval
  std::string help_text;
};

telltale::Result<Options> ParseOptions(int argc, char** argv) {
  Options o;
  telltale::Flags flags("telltale-shop", "A sample application with metrics and a log file.");
  flags.Add("listen", &o.listen, "ADDRESS:PORT", "where to serve");
  flags.Add("metrics-path", &o.metrics_path, "PATH", "path of the metrics");
  flags.Add("log-file", &o.log_file, "FILE", "file to log to, besides stdout; empty: stdout only");
  flags.Add("log-interval", &o.log_interval, "DURATION", "time between lines of the log");
  flags.Add("seed", &o.seed, "N", "of the simulation; 0: another one on every host");
  flags.Add("version", &o.version, "print the version and exit");
  flags.Add("help", &o.help, "print this text and exit");
  if (auto parsed = flags.Parse(argc, argv); !parsed.ok()) return parsed.error();
  o.help_text = flags.Help();
  const auto interval = telltale::ParseDurationMs(o.log_interval);
  if (!interval || *interval <= 0) {
    return telltale::Fail(
        telltale::Code::kInvalid,
        "--log-interval must be a duration such as 10s, but is \"" + o.log_interval + "\"");
  }
  o.interval = std::chrono::milliseconds(*interval);
  return o;
}

// Moves the numbers ten times a second and writes a line of the log every interval, the first at
// once; until `stop` is set.
class Business {
 public:
  Business(const Options& options, Metrics& metrics)
      : options_(options),
        metrics_(metrics),
        simulation_(metrics, Seed(options.seed)),
        log_(options.log_file),
        thread_([this] { Run(); }) {}
  ~Business() {
    {
      telltale::MutexLock lock(mutex_);
      stop_ = true;
    }
    wake_.NotifyAll();
    thread_.join();
  }

  // A line of the log beside those of the interval.
  void Note(const std::string& text) {
    telltale::MutexLock lock(mutex_);
    log_.Write(text, std::time(nullptr));
  }

 private:
  static std::uint32_t Seed(int wanted) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return wanted != 0 ? static_cast<std::uint32_t>(wanted)
                       : static_cast<std::uint32_t>(std::hash<std::string>()(host));
  }

  void Run() {
    auto next_step = steady_clock::now(), next_line = next_step;
    telltale::MutexLock lock(mutex_);
    while (!stop_) {
      simulation_.Step();
      if (next_step >= next_line) {
        WriteLine();
        next_line += options_.interval;
      }
      next_step += std::chrono::milliseconds(100);
      wake_.WaitUntil(mutex_, next_step, [this]() REQUIRES(mutex_) { return stop_; });
    }
    log_.Write("the shop closes", std::time(nullptr));
  }

  void WriteLine() {
    log_.Write(std::to_string(static_cast<long>(metrics_.orders.Value())) + " orders so far, " +
                   std::to_string(static_cast<long>(metrics_.queue_length.Value())) +
                   " customers waiting",
               std::time(nullptr));
  }

  const Options& options_;
  Metrics& metrics_;
  Simulation simulation_;
  ShopLog log_;
  telltale::Mutex mutex_;
  telltale::CondVar wake_;
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

telltale::HttpResponse Told(const telltale::HttpRequest& request, Business& business) {
  if (request.method != "POST") return telltale::TextResponse(405, "Notifications are posted.\n");
  const auto lines = Notifications(request.body);
  if (!lines.ok()) return telltale::TextResponse(400, lines.error().message + "\n");
  for (const std::string& line : *lines) business.Note(line);
  return telltale::TextResponse(200, "noted\n");
}

telltale::HttpResponse Answer(const telltale::HttpRequest& request, const Options& options,
                              const Metrics& metrics, Business& business) {
  if (request.path() == options.metrics_path) {
    telltale::HttpResponse response;
    response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = metrics.Page();
    return response;
  }
  if (request.path() == "/healthz") return telltale::TextResponse(200, "ok\n");
  if (request.path() == "/api/notifications") return Told(request, business);
  if (request.path() == "/") {
    return telltale::TextResponse(200, "The shop is open. Metrics: " + options.metrics_path + "\n");
  }
  return telltale::TextResponse(404, "There is no such page.\n");
}

int Run(const Options& options) {
  const sigset_t stop_signals = telltale::BlockSignals();

  Metrics metrics(TELLTALE_VERSION);
  Business business(options, metrics);
  telltale::HttpServerOptions server_options;
  server_options.listen = options.listen;
  telltale::HttpServer server(server_options, [&](const telltale::HttpRequest& request) {
    return Answer(request, options, metrics, business);
  });
  if (auto started = server.Start(); !started.ok()) {
    telltale::LogError("the shop cannot open", {{"error", started.error().message}});
    return 1;
  }
  telltale::LogInfo("the shop is open", {{"http_port", server.port()}});
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  server.Stop(std::chrono::seconds(1));
  return 0;
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) {
  const auto options = shop::ParseOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "telltale-shop: %s\n", options.error().message.c_str());
    return 1;
  }
  if (options->help) return std::fputs(options->help_text.c_str(), stdout) < 0;
  if (options->version) return std::puts("telltale-shop " TELLTALE_VERSION) < 0;
  return shop::Run(*options);
}

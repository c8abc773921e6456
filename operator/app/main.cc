// SPDX-License-Identifier: Apache-2.0
//
// telltale-operator: watches MonitoringTargets and pods; tells Prometheus, Promtail and sidecars.
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "common/base/log.h"
#include "common/base/signals.h"
#include "operator/app/app.h"

namespace {

constexpr int kMmapThreshold = 128 << 10;

void Print(int fd, const std::string& text) {
  if (write(fd, text.data(), text.size()) < 0) std::exit(EXIT_FAILURE);
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // what one thread frees another can use: pods live long, on few threads
  // A large block goes back to the kernel when it is freed. Without this glibc raises the threshold
  // to the largest block that was freed, and request bodies then leave holes in the heap.
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  telltale::OperatorOptions options;
  telltale::Flags flags("telltale-operator",
                        "Finds the pods that MonitoringTargets select and tells Prometheus, "
                        "Promtail and the sidecars.");
  options.AddTo(flags);
  telltale::Status status = flags.Parse(argc, argv);
  if (status.ok()) status = telltale::ConfigureLog(options.log_level, options.log_format);
  if (!status.ok()) {
    Print(STDERR_FILENO, "telltale-operator: " + status.error().message + "\n");
    return 2;
  }
  if (options.help || options.version) {
    Print(STDOUT_FILENO, options.help ? flags.Help()
                                      : "telltale-operator " TELLTALE_VERSION TELLTALE_REVISION
                                        "\n");
    return 0;
  }
  const sigset_t stop_signals = telltale::BlockSignals();
  const std::chrono::milliseconds shutdown_delay = options.shutdown_delay;
  telltale::App app(std::move(options));
  if (auto started = app.Start(); !started.ok()) {
    telltale::LogError("cannot start", {{"error", started.error().message}});
    return 1;
  }
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  telltale::LogInfo("stopping", {{"signal", signal_number}});
  app.Drain();
  // A second signal cuts the delay.
  const timespec delay{shutdown_delay.count() / 1000, shutdown_delay.count() % 1000 * 1'000'000};
  if (delay.tv_sec > 0 || delay.tv_nsec > 0) sigtimedwait(&stop_signals, nullptr, &delay);
  app.Stop();
  return 0;
}

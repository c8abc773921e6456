// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/signals.h"
#include "sidecar/app/app.h"

namespace {

constexpr int kKeptFree = 4 << 20;
constexpr rlim_t kOpenFiles = 65'536;

int Complain(const std::string& sentence) {
  std::fprintf(stderr, "telltale-sidecar: %s\n", sentence.c_str());
  return 1;
}

int Print(const telltale::CheckResult& found) {
  for (const std::string& problem : found.problems) std::printf("%s\n", problem.c_str());
  for (const std::string& warning : found.warnings) std::printf("warning: %s\n", warning.c_str());
  if (found.problems.empty()) std::puts("OK");
  return found.problems.empty() ? 0 : 1;
}

int Print(const telltale::Result<telltale::App::Once>& once) {
  if (!once.ok()) return Complain(once.error().message);
  std::fputs(once->page.c_str(), stdout);
  if (once->all_sent) return 0;
  return Complain(
      "log lines are left that could not be sent within a minute; the next run goes on with them");
}

// A node may have more log files than the 1,024 that a process may open by default.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, kOpenFiles));
  setrlimit(RLIMIT_NOFILE, &limit);  // if it is refused, some files wait until others are closed
}

int SignalDescriptor(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // an arena for each thread would double the resident memory
  // Memory that one batch frees is used by the next one. It is given back to the kernel when
  // nothing is being read (GiveBackMemory), not hundreds of times a second.
  mallopt(M_MMAP_THRESHOLD, kKeptFree);
  mallopt(M_TRIM_THRESHOLD, kKeptFree);
  const auto options = telltale::ParseSidecarOptions(argc, argv);
  if (!options.ok()) return Complain(options.error().message);
  if (options->help) return std::fputs(options->help_text.c_str(), stdout) < 0;
  if (options->version)
    return std::puts("telltale-sidecar " TELLTALE_VERSION TELLTALE_REVISION) < 0;
  if (options->check_config) return Print(telltale::CheckConfig(*options));
  if (auto status = telltale::ConfigureLog(options->log_level, options->log_format); !status.ok()) {
    return Complain(status.error().message);
  }

  telltale::BlockSignals({SIGTERM, SIGINT, SIGHUP});
  const telltale::UniqueFd stop(SignalDescriptor({SIGTERM, SIGINT}));
  const telltale::UniqueFd reload(SignalDescriptor({SIGHUP}));
  RaiseFileLimit();

  const char* const listen = std::getenv("TELLTALE_LISTEN");
  telltale::App app(*options, telltale::PodInfoFromEnvironment(), listen != nullptr ? listen : "",
                    TELLTALE_VERSION, telltale::RealClock(),
                    telltale::ServiceManager::FromEnvironment(telltale::RealClock()));
  if (options->once) return Print(app.RunOnce());
  if (auto status = app.Start(); !status.ok()) return Complain(status.error().message);
  app.Run(stop.get(), reload.get());
  return 0;
}

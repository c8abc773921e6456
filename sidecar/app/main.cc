// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/base/files.h"
#include "common/base/log.h"
#include "sidecar/app/app.h"

namespace {

constexpr int kKeptFree = 4 << 20;
constexpr rlim_t kOpenFiles = 65'536;

int Complain(const std::string& sentence) {
  std::fprintf(stderr, "telltale-sidecar: %s\n", sentence.c_str());
  return 1;
}

int PrintProblems(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) std::printf("%s\n", problem.c_str());
  if (problems.empty()) std::puts("OK");
  return problems.empty() ? 0 : 1;
}

// A node's log files are more than the thousand that a process may open by default.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, kOpenFiles));
  setrlimit(RLIMIT_NOFILE, &limit);  // where it is refused, files wait for their turn
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // an arena for each thread would double the resident memory
  // What one batch of lines frees the next one uses: it goes back to the kernel at rest
  // (GiveBackMemory), and not hundreds of times a second.
  mallopt(M_MMAP_THRESHOLD, kKeptFree);
  mallopt(M_TRIM_THRESHOLD, kKeptFree);
  const auto options = telltale::ParseSidecarOptions(argc, argv);
  if (!options.ok()) return Complain(options.error().message);
  if (options->help) return std::fputs(options->help_text.c_str(), stdout) < 0;
  if (options->version) return std::puts("telltale-sidecar " TELLTALE_VERSION) < 0;
  if (options->check_config) return PrintProblems(telltale::CheckConfig(*options));
  if (auto status = telltale::ConfigureLog(options->log_level, options->log_format); !status.ok()) {
    return Complain(status.error().message);
  }

  // Before any thread, so that all inherit it and the signal arrives at the descriptor only.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  const telltale::UniqueFd stop(signalfd(-1, &stop_signals, SFD_CLOEXEC));

  const char* const listen = std::getenv("TELLTALE_LISTEN");
  telltale::App app(*options, telltale::PodInfoFromEnvironment(), listen != nullptr ? listen : "",
                    TELLTALE_VERSION, telltale::RealClock());
  if (auto status = app.Start(); !status.ok()) return Complain(status.error().message);
  app.Run(stop.get());
  return 0;
}

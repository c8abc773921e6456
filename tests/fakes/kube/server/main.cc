// SPDX-License-Identifier: Apache-2.0
//
// fake_apiserver: a FakeApiServer as a process, for people, scripts and real Kubernetes clients.
//
//   fake_apiserver --kubeconfig /tmp/fake.kubeconfig --pods 50000 --targets 1000 --churn 5000
//
// Prints the server's address once it can be used. It obeys lines on stdin: compact, bookmarks,
// close-watches, restore VERSION, version, quit. Everything else is done with requests.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/base/flags.h"
#include "tests/fakes/kube/cluster/sample_objects.h"
#include "tests/fakes/kube/server/fake_api_server.h"

namespace telltale {
namespace {

struct Options {
  int port = 0, pods = 0, targets = 0, namespaces = 10, churn = 0, seed = 1;
  bool plain = false;
  std::string kubeconfig, tls_folder, token;
};

int Complain(const Error& error) {
  std::fprintf(stderr, "fake_apiserver: %s\n", error.message.c_str());
  return 1;
}

Status WriteFiles(const Options& options, const FakeApiServer& server,
                  const FakeServerCertificates& certificates) {
  const std::string ca = options.plain ? "" : certificates.authority.certificate;
  if (!options.tls_folder.empty() && !options.plain) {
    TELLTALE_TRY(WriteFileAtomic(options.tls_folder + "/ca.crt", ca));
  }
  if (options.kubeconfig.empty()) return {};
  return WriteFileAtomic(options.kubeconfig, FakeKubeconfig(server.url(), ca, options.token));
}

// So many changes of pods a second, one pod after the other.
void Churn(SampleObjects& objects, const Options& options, const std::atomic<bool>& stop) {
  const SteadyTime start = RealClock().Steady();
  for (std::int64_t count = 0; !stop; ++count) {
    const auto due = start + std::chrono::nanoseconds(count * 1'000'000'000 / options.churn);
    if (due > RealClock().Steady()) std::this_thread::sleep_until(due);
    const auto pods = static_cast<std::int64_t>(options.pods);
    if (!objects.PutPod(static_cast<int>(count % pods), static_cast<int>(count / pods) + 1).ok()) {
      return;
    }
  }
}

// False when it is time to go.
bool Obey(const std::string& line, FakeCluster& cluster) {
  if (line == "quit") return false;
  Status status;
  if (line == "compact") {
    cluster.Compact();
  } else if (line == "bookmarks") {
    cluster.SendBookmarks();
  } else if (line == "close-watches") {
    cluster.CloseWatches();
  } else if (line.rfind("restore ", 0) == 0) {
    status = cluster.Restore(std::strtoull(line.c_str() + 8, nullptr, 10));
  } else if (line != "version") {
    status = Fail(Code::kInvalid, "\"" + line + "\" is no command");
  }
  std::printf("%s version=%llu\n", status.ok() ? "ok" : status.error().message.c_str(),
              static_cast<unsigned long long>(cluster.resource_version()));
  std::fflush(stdout);
  return true;
}

int Run(const Options& options) {
  auto certificates = MakeFakeServerCertificates();
  if (!certificates.ok()) return Complain(certificates.error());
  FakeCluster cluster({.seed = static_cast<std::uint64_t>(options.seed), .log_reads = false},
                      RealClock());
  if (!options.token.empty()) cluster.AcceptTokens({options.token});
  SampleObjects objects(
      {.pods = options.pods, .targets = options.targets, .namespaces = options.namespaces},
      cluster);
  if (const Status filled = objects.Fill(); !filled.ok()) return Complain(filled.error());

  FakeApiServerOptions serve{.port = static_cast<std::uint16_t>(options.port)};
  if (!options.plain) serve.tls = certificates->server;
  FakeApiServer server(serve, cluster);
  if (const Status started = server.Start(); !started.ok()) return Complain(started.error());
  if (const Status wrote = WriteFiles(options, server, *certificates); !wrote.ok()) {
    return Complain(wrote.error());
  }
  std::printf("serving %s\n", server.url().c_str());
  std::fflush(stdout);

  std::atomic<bool> stop{false};
  std::thread churn;
  if (options.churn > 0 && options.pods > 0) {
    churn = std::thread([&] { Churn(objects, options, stop); });
  }
  std::string line;
  while (std::getline(std::cin, line) && Obey(line, cluster)) {
  }
  // Without a stdin it serves until it is ended.
  if (std::cin.eof()) {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  stop = true;
  if (churn.joinable()) churn.join();
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  telltale::Options options;
  telltale::Flags flags("fake_apiserver", "A Kubernetes API server in memory, for tests.");
  flags.Add("port", &options.port, "PORT", "on 127.0.0.1; 0 is a free one");
  flags.Add("plain", &options.plain, "HTTP without TLS");
  flags.Add("tls-dir", &options.tls_folder, "FOLDER", "where ca.crt is written");
  flags.Add("kubeconfig", &options.kubeconfig, "FILE", "is written, for clients");
  flags.Add("token", &options.token, "TOKEN", "the only bearer token that is let in");
  flags.Add("pods", &options.pods, "N", "running pods to begin with");
  flags.Add("targets", &options.targets, "N", "MonitoringTargets, one for each 20 pods");
  flags.Add("namespaces", &options.namespaces, "N", "that they are spread over");
  flags.Add("churn", &options.churn, "N", "changes of pods a second");
  flags.Add("seed", &options.seed, "N", "of the uids");
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::printf("%s", flags.Help().c_str());
    return 0;
  }
  if (const auto parsed = flags.Parse(argc, argv); !parsed.ok()) {
    return telltale::Complain(parsed.error());
  }
  return telltale::Run(options);
}

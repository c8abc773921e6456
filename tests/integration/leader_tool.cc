// SPDX-License-Identifier: Apache-2.0
//
// A replica's elector and event recorder without the rest of it, for test_leader.py:
//
//   leader_tool KUBECONFIG NAMESPACE IDENTITY
//
// prints "started" and "stopped" as terms begin and end. Its stdin takes lines: "ask" is answered
// with "leader" or "follower", "event OBJECT REASON NOTE" records an event about a ConfigMap (the
// leader's go out); its end stops both, writers first. Times are a fifth of the usual ones.
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "operator/kube/client/api.h"
#include "operator/kube/client/api_transport.h"
#include "operator/kube/config/kube_config.h"
#include "operator/kube/events/event_recorder.h"
#include "operator/kube/leader/leader_elector.h"

namespace telltale {
namespace {

void Say(const char* what) {
  std::printf("%s\n", what);
  std::fflush(stdout);
}

int Run(const std::string& kubeconfig, const std::string& ns, const std::string& identity) {
  auto config = LoadKubeConfig(kubeconfig);
  if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str());
  auto lease_line = MakeApiTransport(*config);
  auto write_line = MakeApiTransport(*config);
  if (!lease_line || !write_line) return 1;

  using std::chrono::milliseconds;
  LeaderOptions options{.ns = ns, .identity = identity};
  options.lease = milliseconds(3'000);
  options.renew_deadline = milliseconds(2'000);
  options.retry = milliseconds(400);
  Registry registry;
  Api lease_api(**lease_line, ApiOptions{.timeout = LeaderElector::RequestTimeout(options)},
                RealClock());
  LeaderElector elector(options, lease_api, registry);
  elector.OnStarted([] { Say("started"); });
  elector.OnStopped([] { Say("stopped"); });
  Api writes(**write_line, [&elector] { return elector.IsLeader(); });
  EventRecorder recorder({.instance = identity}, writes, registry);
  std::thread electing([&] { elector.Run(); });
  std::thread recording([&] { recorder.Run(); });

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, object, reason, note;
    words >> command >> object >> reason;
    std::getline(words >> std::ws, note);
    if (command == "ask") Say(elector.IsLeader() ? "leader" : "follower");
    if (command == "event") {
      recorder.Record({"v1", "ConfigMap", ns, object, "uid-of-" + object}, EventType::kWarning,
                      reason, "Test", note);
    }
  }
  recorder.Stop();
  recording.join();
  elector.Stop();
  electing.join();
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "leader_tool KUBECONFIG NAMESPACE IDENTITY\n");
  return telltale::Run(argv[1], argv[2], argv[3]);
}

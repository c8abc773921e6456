// SPDX-License-Identifier: Apache-2.0
//
// The operator's API client on a command line, for tests/integration/test_kube_client.py:
//
//   kube_tool KUBECONFIG get|delete PATH
//   kube_tool KUBECONFIG apply|create PATH JSON
//   kube_tool KUBECONFIG watch COLLECTION [QUERY]
//
// watch prints what a ReflectorSink gets, a line each, until its stdin is closed, and then the
// metrics. An error is printed as "ERROR code: message" and ends with 1.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "operator/kube/client/api.h"
#include "operator/kube/client/api_transport.h"
#include "operator/kube/config/kube_config.h"
#include "operator/kube/watch/reflector.h"
#include "operator/kube/watch/watch_event.h"

namespace telltale {
namespace {

class PrintingSink final : public ReflectorSink {
 public:
  void ReplaceBegin() override { Line("begin", ""); }
  void ReplaceEnd() override { Line("end", ""); }
  void ReplaceAbort() override { Line("abort", ""); }
  Status Changed(JsonValue object, std::string& version) override {
    return Print("changed", ObjectName(object, &version));
  }
  Status Deleted(JsonValue object, std::string& version) override {
    return Print("deleted", ObjectName(object, &version));
  }

 private:
  static void Line(const char* what, const std::string& name) {
    std::printf("%s %s\n", what, name.c_str());
    std::fflush(stdout);
  }
  static Status Print(const char* what, const std::string& name) {
    Line(what, name);
    return {};
  }
};

int WatchUntilStdinCloses(HttpTransport& transport, const std::string& collection,
                          const std::string& query) {
  Registry registry;
  PrintingSink sink;
  Reflector reflector({.name = "things", .collection = collection, .selector = query}, transport,
                      sink, registry);
  std::thread thread([&] { reflector.Run(); });
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  reflector.Stop();
  transport.Cancel();
  thread.join();
  std::string page;
  registry.Render(page);
  std::printf("%s", page.c_str());
  return 0;
}

int Report(const Status& status) {
  if (status.ok()) return 0;
  const Error& error = status.error();
  std::printf("ERROR %s: %s\n", std::string(CodeName(error.code)).c_str(), error.message.c_str());
  return 1;
}

int Run(const std::vector<std::string>& arguments) {
  auto config = LoadKubeConfig(arguments[0]);
  if (!config.ok()) return Report(config.error());
  auto transport = MakeApiTransport(*config);
  if (!transport.ok()) return Report(transport.error());
  Api api(**transport);
  const std::string& command = arguments[1];
  const std::string& path = arguments[2];
  const std::string last = arguments.size() > 3 ? arguments[3] : "";
  if (command == "watch") return WatchUntilStdinCloses(**transport, path, last);
  if (command == "apply") return Report(api.Apply(path, last));
  if (command == "create") {
    const auto made = api.Create(path, last);
    return made.ok() ? 0 : Report(made.error());
  }
  if (command == "delete") return Report(api.Delete(path));
  auto got = api.Get(path);
  if (!got.ok()) return Report(got.error());
  std::printf("%s\n", got->c_str());
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: kube_tool KUBECONFIG get|apply|create|delete|watch PATH [...]\n");
    return 2;
  }
  return telltale::Run({argv + 1, argv + argc});
}

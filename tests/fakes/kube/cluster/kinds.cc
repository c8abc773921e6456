// SPDX-License-Identifier: Apache-2.0
//
// The table of kinds: what differs between types in the real server's own registry strategies.
#include <algorithm>

#include "tests/fakes/kube/cluster/paths.h"

namespace telltale {
namespace {

constexpr const char* kCore = "/api/v1";
constexpr const char* kSpecStatus = R"(,"spec":{},"status":{})";

FakeKind MonitoringCoreos(const char* version, const char* plural, const char* kind) {
  return {.prefix = std::string("/apis/monitoring.coreos.com/") + version,
          .plural = plural,
          .kind = kind,
          .status = true,
          .generation = true,
          .unconditional_update = false,
          .custom = true};
}

std::vector<FakeKind> Build() {
  return {
      {.prefix = kCore,
       .plural = "pods",
       .kind = "Pod",
       .status = true,
       .delete_returns_object = true,
       .bookmark_rest = R"(,"spec":{"containers":null},"status":{})"},
      {.prefix = kCore,
       .plural = "namespaces",
       .kind = "Namespace",
       .namespaced = false,
       .status = true,
       .delete_returns_object = true,
       .bookmark_rest = kSpecStatus},
      {.prefix = kCore,
       .plural = "nodes",
       .kind = "Node",
       .namespaced = false,
       .status = true,
       .bookmark_rest =
           R"(,"spec":{},"status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}}})"},
      {.prefix = kCore, .plural = "configmaps", .kind = "ConfigMap"},
      {.prefix = kCore, .plural = "limitranges", .kind = "LimitRange"},
      {.prefix = "/apis/apps/v1",
       .plural = "replicasets",
       .kind = "ReplicaSet",
       .status = true,
       .generation = true},
      {.prefix = kCore, .plural = "secrets", .kind = "Secret"},
      {.prefix = kCore, .plural = "endpoints", .kind = "Endpoints"},
      {.prefix = kCore, .plural = "services", .kind = "Service", .status = true},
      {.prefix = kCore, .plural = "serviceaccounts", .kind = "ServiceAccount"},
      {.prefix = kCore, .plural = "events", .kind = "Event", .create_on_update = true},
      {.prefix = "/apis/events.k8s.io/v1",
       .plural = "events",
       .kind = "Event",
       .create_on_update = true},
      {.prefix = "/apis/discovery.k8s.io/v1",
       .plural = "endpointslices",
       .kind = "EndpointSlice",
       .generation = true,
       .bookmark_rest = R"(,"addressType":"","endpoints":null,"ports":null)"},
      {.prefix = "/apis/coordination.k8s.io/v1",
       .plural = "leases",
       .kind = "Lease",
       .unconditional_update = false,
       .create_on_update = true,
       .bookmark_rest = R"(,"spec":{})"},
      {.prefix = "/apis/admissionregistration.k8s.io/v1",
       .plural = "mutatingwebhookconfigurations",
       .kind = "MutatingWebhookConfiguration",
       .namespaced = false,
       .generation = true},
      {.prefix = "/apis/apiextensions.k8s.io/v1",
       .plural = "customresourcedefinitions",
       .kind = "CustomResourceDefinition",
       .namespaced = false,
       .status = true,
       .generation = true,
       .unconditional_update = false},
      {.prefix = "/apis/telltale.dev/v1alpha1",
       .plural = "monitoringtargets",
       .kind = "MonitoringTarget",
       .status = true,
       .generation = true,
       .unconditional_update = false,
       .custom = true},
      MonitoringCoreos("v1", "podmonitors", "PodMonitor"),
      MonitoringCoreos("v1", "servicemonitors", "ServiceMonitor"),
      MonitoringCoreos("v1", "probes", "Probe"),
      MonitoringCoreos("v1alpha1", "scrapeconfigs", "ScrapeConfig"),
  };
}

}  // namespace

const std::vector<FakeKind>& FakeKinds() {
  static const auto& kinds = *new std::vector<FakeKind>(Build());
  return kinds;
}

FakeKind FindFakeKind(const std::string& prefix, const std::string& plural, bool namespaced) {
  const auto& kinds = FakeKinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const FakeKind& kind) {
    return kind.prefix == prefix && kind.plural == plural;
  });
  if (found != kinds.end()) return *found;
  FakeKind guess;
  guess.prefix = prefix;
  guess.plural = plural;
  guess.kind = plural;
  if (guess.kind.size() > 1 && guess.kind.back() == 's') guess.kind.pop_back();
  if (!guess.kind.empty() && guess.kind[0] >= 'a' && guess.kind[0] <= 'z') {
    guess.kind[0] = static_cast<char>(guess.kind[0] - 'a' + 'A');
  }
  guess.namespaced = namespaced;
  guess.status = true;
  return guess;
}

std::string FakeKind::group() const {
  if (prefix.compare(0, 6, "/apis/") != 0) return {};
  return prefix.substr(6, prefix.find('/', 6) - 6);
}

std::string FakeKind::api_version() const {
  return prefix.compare(0, 6, "/apis/") == 0 ? prefix.substr(6) : prefix.substr(5);
}

std::string FakeKind::qualified() const {
  return group().empty() ? plural : plural + "." + group();
}

std::string FakeKind::head() const {
  const std::string version = R"("apiVersion":")" + api_version() + R"(",)";
  const std::string name = R"("kind":")" + kind + R"(",)";
  return custom ? version + name : name + version;
}

}  // namespace telltale

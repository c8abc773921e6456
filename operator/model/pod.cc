// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pod.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "operator/model/decode.h"

namespace telltale {
namespace {

// UDP and SCTP ports cannot be scraped.
Status DecodePort(JsonValue value, std::vector<ContainerPort>& out) {
  ContainerPort port;
  std::string protocol = "TCP";
  std::int64_t number = 0;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, port.name);
    if (key == "containerPort") return decode::Whole(member, number);
    if (key == "protocol") return decode::Text(member, protocol);
    return {};
  }));
  if (protocol != "TCP") return {};
  if (number < 1 || number > 65535) return decode::Wrong("needs a containerPort of 1 to 65535");
  port.number = static_cast<int>(number);
  out.push_back(std::move(port));
  return {};
}

Status DecodeContainer(JsonValue value, Container& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "ports") {
      return decode::Elements(member, [&](JsonValue p) { return DecodePort(p, out.ports); });
    }
    if (key == "restartPolicy" && out.init) {
      std::string policy;
      TELLTALE_TRY(decode::Text(member, policy));
      out.native_sidecar = policy == "Always";
    }
    return {};
  }));
  if (out.name.empty()) return decode::Wrong("needs a name");
  return {};
}

Status DecodeContainers(JsonValue value, bool init, std::vector<Container>& out) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    Container& container = out.emplace_back();
    container.init = init;
    return DecodeContainer(item, container);
  });
}

// Init containers come first in the document, last in a Pod of ours.
Status DecodePodSpec(JsonValue value, Pod& out) {
  std::vector<Container> init;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "nodeName") return decode::Text(member, out.node);
    if (key == "hostNetwork") return decode::Flag(member, out.host_network);
    if (key == "os") return DecodeOs("name", member, out.windows);
    if (key == "nodeSelector") return DecodeOs(kOsLabel, member, out.windows);
    if (key == "containers") return DecodeContainers(member, false, out.containers);
    if (key == "initContainers") return DecodeContainers(member, true, init);
    return {};
  }));
  std::move(init.begin(), init.end(), std::back_inserter(out.containers));
  return {};
}

// status.podIP is status.podIPs[0].ip and is what the API server keeps for old clients.
Status DecodePodStatus(JsonValue value, Pod& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "phase") return decode::Text(member, out.phase);
    if (key == "podIP") return decode::Text(member, out.ip);
    return {};
  });
}

}  // namespace

void Pod::Clear() {
  meta.Clear();
  node.clear();
  phase.clear();
  ip.clear();
  host_network = windows = false;
  containers.clear();
}

const Container* Pod::FindContainer(std::string_view name) const {
  const auto it = std::ranges::find(containers, name, &Container::name);
  return it == containers.end() ? nullptr : &*it;
}

Status DecodePod(JsonValue value, Pod& out) {
  const Status status =
      decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
        if (key == "metadata") return DecodeObjectMeta(member, out.meta);
        if (key == "spec") return DecodePodSpec(member, out);
        if (key == "status") return DecodePodStatus(member, out);
        return {};
      });
  if (!status.ok()) return decode::Rooted("Pod", status);
  if (out.meta.name.empty()) return Fail(Code::kInvalid, "metadata.name: a Pod needs a name");
  return {};
}

// spec.os.name, or the node selector that everybody sets instead.
Status DecodeOs(std::string_view name_key, JsonValue value, bool& windows) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key != name_key) return {};
    std::string text;
    TELLTALE_TRY(decode::Text(member, text));
    if (text == "windows") windows = true;
    return {};
  });
}

Status DecodeNamespace(JsonValue value, Namespace& out) {
  const Status status =
      decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
        return key == "metadata" ? DecodeObjectMeta(member, out.meta) : Status();
      });
  if (!status.ok()) return decode::Rooted("Namespace", status);
  if (out.meta.name.empty()) return Fail(Code::kInvalid, "metadata.name: a Namespace needs a name");
  return {};
}

std::string AppLabel(const Labels& pod_labels, std::string_view container) {
  constexpr std::array<std::string_view, 3> kKeys = {"app.kubernetes.io/name", "app", "k8s-app"};
  for (const auto key : kKeys) {
    const std::string* value = FindLabel(pod_labels, key);
    if (value && !value->empty()) return *value;
  }
  return std::string(container);
}

}  // namespace telltale

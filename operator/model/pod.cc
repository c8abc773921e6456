// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pod.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "common/base/rfc3339.h"
#include "operator/model/decode.h"

namespace telltale {
namespace {

// UDP and SCTP ports cannot be scraped.
template <class Text>
Status DecodePort(JsonValue value, std::vector<BasicContainerPort<Text>>& out) {
  BasicContainerPort<Text> port;
  std::string_view protocol = "TCP";
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

Status DecodeMounts(JsonValue value, std::string& out) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    std::string_view path;
    TELLTALE_TRY(decode::Fields(item, [&](std::string_view key, JsonValue member) -> Status {
      return key == "mountPath" ? decode::Text(member, path) : Status();
    }));
    out.append(out.empty() ? "" : "\n").append(path);
    return {};
  });
}

// The kubelet tries a pull, reports that it failed, waits, and so on in turn: one reason for both.
std::string_view OnePullReason(std::string_view reason) {
  return reason == "ErrImagePull" ? std::string_view("ImagePullBackOff") : reason;
}

// An element of status.containerStatuses.
template <class Pod>
Status DecodeContainerStatus(JsonValue value, Pod& out) {
  std::string_view name, waiting;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, name);
    if (key != "state") return {};
    return decode::Fields(member, [&](std::string_view state, JsonValue details) -> Status {
      return decode::Fields(details, [&](std::string_view field, JsonValue text) -> Status {
        if (state == "waiting" && field == "reason") return decode::Text(text, waiting);
        if (state != "running" || field != "startedAt") return {};
        std::string_view since;
        TELLTALE_TRY(decode::Text(text, since));
        out.started = std::max(out.started, ParseRfc3339(since).value_or(0) / 1'000'000'000);
        return {};
      });
    });
  }));
  const bool normal =
      waiting.empty() || waiting == "ContainerCreating" || waiting == "PodInitializing";
  if (!normal && out.trouble.empty()) {
    out.trouble.append(name).append(" ").append(OnePullReason(waiting));
  }
  return {};
}

template <class Text>
Status DecodeContainer(JsonValue value, BasicContainer<Text>& out, std::string& mounts) {
  mounts.clear();
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "ports") {
      return decode::Elements(member, [&](JsonValue p) { return DecodePort(p, out.ports); });
    }
    // Of each event of each pod: only those that are kept.
    if (key == "volumeMounts" && (out.name.empty() || out.name == kSidecarContainer)) {
      return DecodeMounts(member, mounts);
    }
    if (key == "restartPolicy" && out.init) {
      std::string_view policy;
      TELLTALE_TRY(decode::Text(member, policy));
      out.native_sidecar = policy == "Always";
    }
    return {};
  }));
  if (out.name.empty()) return decode::Wrong("needs a name");
  return {};
}

// Decodes the parts of one pod, with memory of the one before.
template <class Text>
struct PodReader {
  using Container = BasicContainer<Text>;

  BasicPod<Text>& out;
  std::vector<typename Container::Ports>& spare;
  std::string& mounts;  // scratch

  void Clear() {
    out.meta.Clear();
    out.node = out.phase = out.ip = Text();
    out.host_network = out.windows = false;
    out.started = out.created = 0;
    out.trouble.clear();
    out.sidecar_mounts.clear();
    for (Container& container : out.containers) {
      container.ports.clear();
      spare.push_back(std::move(container.ports));
    }
    out.containers.clear();
  }

  Status Containers(JsonValue value, bool init) {
    return decode::Elements(value, [&](JsonValue item) -> Status {
      Container& container = out.containers.emplace_back();
      container.init = init;
      if (!spare.empty()) {
        container.ports = std::move(spare.back());
        spare.pop_back();
      }
      TELLTALE_TRY(DecodeContainer(item, container, mounts));
      if (container.name == kSidecarContainer) out.sidecar_mounts = mounts;
      return {};
    });
  }

  Status Spec(JsonValue value) {
    TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "nodeName") return decode::Text(member, out.node);
      if (key == "hostNetwork") return decode::Flag(member, out.host_network);
      if (key == "os") return DecodeOs("name", member, out.windows);
      if (key == "nodeSelector") return DecodeOs(kOsLabel, member, out.windows);
      if (key == "containers") return Containers(member, false);
      if (key == "initContainers") return Containers(member, true);
      return {};
    }));
    // Init containers come first in the document, last in a Pod of ours.
    const auto first = std::ranges::find(out.containers, false, &Container::init);
    std::rotate(out.containers.begin(), first, out.containers.end());
    return {};
  }

  // status.podIP is status.podIPs[0].ip and is what the API server keeps for old clients.
  Status State(JsonValue value) {
    return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "phase") return decode::Text(member, out.phase);
      if (key == "podIP") return decode::Text(member, out.ip);
      if (key == "containerStatuses" || key == "initContainerStatuses") {
        return decode::Elements(member,
                                [&](JsonValue item) { return DecodeContainerStatus(item, out); });
      }
      return {};
    });
  }

  Status Whole(JsonValue value) {
    return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "metadata") {
        TELLTALE_TRY(DecodeObjectMeta(member, out.meta));
        out.created = ParseRfc3339(out.meta.created).value_or(0) / 1'000'000'000;
        out.started = std::max(out.started, out.created);
        return {};
      }
      if (key == "spec") return Spec(member);
      if (key == "status") return State(member);
      return {};
    });
  }
};

BasicContainer<std::string_view> TextOf(const Container& container) {
  ContainerText text{container.name, container.init, container.native_sidecar, {}};
  for (const auto& port : container.ports) text.ports.push_back({port.name, port.number});
  return text;
}

}  // namespace

template <class Text>
Status PodDecoder<Text>::Decode(JsonValue value, BasicPod<Text>& out) {
  PodReader<Text> reader{out, spare_, mounts_};
  reader.Clear();
  const Status status = reader.Whole(value);
  if (!status.ok()) return decode::Rooted("Pod", status);
  if (out.meta.name.empty()) return Fail(Code::kInvalid, "metadata.name: a Pod needs a name");
  return {};
}

template class PodDecoder<std::string>;
template class PodDecoder<std::string_view>;

Status DecodePod(JsonValue value, Pod& out) { return PodDecoder<std::string>().Decode(value, out); }

PodText TextOf(const Pod& pod) {
  PodText text;
  text.meta.ns = pod.meta.ns;
  text.meta.name = pod.meta.name;
  text.meta.uid = pod.meta.uid;
  text.meta.resource_version = pod.meta.resource_version;
  text.meta.generation = pod.meta.generation;
  text.meta.deleting = pod.meta.deleting;
  text.meta.created = pod.meta.created;
  text.meta.owner_kind = pod.meta.owner_kind;
  text.meta.owner_name = pod.meta.owner_name;
  text.meta.labels.assign(pod.meta.labels.begin(), pod.meta.labels.end());
  text.meta.annotations.assign(pod.meta.annotations.begin(), pod.meta.annotations.end());
  text.node = pod.node;
  text.phase = pod.phase;
  text.ip = pod.ip;
  text.host_network = pod.host_network;
  text.windows = pod.windows;
  text.started = pod.started;
  text.created = pod.created;
  text.trouble = pod.trouble;
  text.sidecar_mounts = pod.sidecar_mounts;
  for (const auto& container : pod.containers) text.containers.push_back(TextOf(container));
  return text;
}

// spec.os.name, or the node selector that everybody sets instead.
Status DecodeOs(std::string_view name_key, JsonValue value, bool& windows) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key != name_key) return {};
    std::string_view text;
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

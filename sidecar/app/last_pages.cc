// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/last_pages.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/base/log.h"
#include "common/net/http/url.h"
#include "sidecar/poll/poll_access.h"

namespace telltale {
namespace {

constexpr std::string_view kOurContainer = "telltale-sidecar";

// The operator's rule (port_resolver.h): a port that is declared, by name or number, else the
// number itself in the first container. Number 0 if there is none.
PodPort Resolve(const LastSamplePage& page, const PodInfo& pod) {
  const std::int64_t number = ParseInt(page.port).value_or(0);
  const PodPort* first = nullptr;
  for (const PodPort& port : pod.ports) {
    if (!page.container.empty() && port.container != page.container) continue;
    if (first == nullptr) first = &port;
    if (number != 0 ? port.number == number : port.number != 0 && port.name == page.port) {
      return port;
    }
  }
  if (first == nullptr || number < 1 || number > 65'535) return {};
  return {first->container, "", static_cast<int>(number)};
}

// The page as the URL has it, and for people, without escapes, as `instance` has it.
std::string Target(const LastSamplePage& page, bool escaped) {
  std::string text = page.path;
  char separator = '?';
  for (const auto& [name, value] : page.params) {
    text += separator;
    text += (escaped ? UrlEncode(name) : name) + "=" + (escaped ? UrlEncode(value) : value);
    separator = '&';
  }
  return text;
}

Labels TargetLabels(PodInfo pod, std::string_view container, const std::string& instance) {
  pod.container = container;
  Labels labels = IdentityLabels(pod);
  SetLabel(labels, "instance", instance);
  return labels;
}

void Overlay(const Labels& from, Labels& to) {
  for (const auto& [name, value] : from) SetLabel(to, name, value);
}

}  // namespace

LastSampleOptions LastSampleOptionsOf(const SidecarConfig& config, const PodInfo& pod,
                                      std::uint16_t port) {
  const LastSampleConfig& from = config.last_sample;
  LastSampleOptions out;
  if (from.urls.empty()) return out;
  out.urls = from.urls;
  out.access = AccessOf(from.access);
  out.interval = std::chrono::milliseconds(from.interval_ms);
  out.timeout = std::chrono::milliseconds(from.timeout_ms);
  std::set<std::string> addresses;
  for (const LastSamplePage& page : from.pages) {
    PageToKeep& keep = out.pages.emplace_back();
    if (!page.url.empty()) {
      keep.url = page.url;
      keep.labels = page.labels;
      continue;
    }
    const PodPort found = Resolve(page, pod);
    if (found.number == 0 || pod.ip.empty()) {
      out.pages.pop_back();
      LogWarn("a page has no last samples: the pod has no such port",
              {{"port", page.port}, {"container", page.container}});
      continue;
    }
    const std::string address = JoinHostPort(pod.ip, found.number);
    const bool second = !addresses.insert(address).second;
    keep.url = (page.https ? "https://" : "http://") + address + Target(page, true);
    keep.insecure_skip_verify = page.https;  // it does not leave the pod
    keep.labels =
        TargetLabels(pod, found.container, second ? address + Target(page, false) : address);
    Overlay(page.labels, keep.labels);
    for (const auto& [label, name] : page.from_pod) {
      if (const std::string* value = FindLabel(pod.labels, label)) {
        SetLabel(keep.labels, name, *value);
      }
    }
  }
  if (!pod.name.empty()) {
    out.own = TargetLabels(pod, kOurContainer, JoinHostPort(pod.ip, port));
    SetLabel(out.own, "job", kOurContainer);
  }
  Overlay(from.labels, out.own);
  return out;
}

}  // namespace telltale

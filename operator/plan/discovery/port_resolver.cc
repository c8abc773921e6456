// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/port_resolver.h"

#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

bool KeepsRunning(const Container& container) {
  return !container.init || container.native_sidecar;
}

// The containers that the endpoint may mean; our sidecar only when it is named.
std::vector<const Container*> Candidates(const std::vector<Container>& all,
                                         const Endpoint& endpoint) {
  std::vector<const Container*> result;
  for (const auto& container : all) {
    if (!KeepsRunning(container)) continue;
    if (endpoint.container.empty() ? container.name != kSidecarContainer
                                   : container.name == endpoint.container) {
      result.push_back(&container);
    }
  }
  return result;
}

// A media server declares hundreds of ports: the first few say enough.
std::string FirstFew(std::vector<std::string> names) {
  constexpr std::size_t kShown = 8;
  if (names.size() > kShown) {
    const std::size_t more = names.size() - kShown;
    names.resize(kShown);
    return Join(names, ", ") + " and " + std::to_string(more) + " more";
  }
  return Join(names, ", ");
}

std::string PortList(const std::vector<const Container*>& containers) {
  std::vector<std::string> ports;
  for (const Container* container : containers) {
    for (const auto& port : container->ports) {
      ports.push_back(port.name.empty() ? std::to_string(port.number)
                                        : port.name + " (" + std::to_string(port.number) + ")");
    }
  }
  return FirstFew(std::move(ports));
}

std::string ContainerList(const std::vector<Container>& all) {
  std::vector<std::string> names;
  for (const auto& container : all) {
    if (!KeepsRunning(container) || container.name == kSidecarContainer) continue;
    names.push_back(container.name);
  }
  return FirstFew(std::move(names));
}

std::string NoSuchContainer(const std::vector<Container>& all, const Endpoint& endpoint) {
  return "has no container " + endpoint.container +
         " that keeps running; it has: " + ContainerList(all);
}

std::string NoSuchPort(const std::vector<const Container*>& containers, const Endpoint& endpoint) {
  std::string text = "has no TCP port named " + endpoint.port.name;
  if (!endpoint.container.empty()) text += " in container " + endpoint.container;
  const std::string declared = PortList(containers);
  if (declared.empty()) return text + " and declares none: give its number instead";
  return text + "; it declares: " + declared;
}

}  // namespace

ResolvedPort ResolvePort(const std::vector<Container>& containers, const Endpoint& endpoint) {
  const auto candidates = Candidates(containers, endpoint);
  if (candidates.empty()) return {0, "", "", NoSuchContainer(containers, endpoint)};
  ResolvedPort found;
  for (const Container* container : candidates) {
    for (const auto& port : container->ports) {
      const bool same = endpoint.port.number != 0 ? port.number == endpoint.port.number
                                                  : port.name == endpoint.port.name;
      if (!same) continue;
      if (found.number == 0) {
        found = {port.number, container->name, "", ""};
      } else if (port.number != found.number && found.also.empty()) {
        found.also = container->name;
      }
    }
  }
  if (found.number != 0) return found;
  if (endpoint.port.number != 0) return {endpoint.port.number, candidates[0]->name, "", ""};
  return {0, "", "", NoSuchPort(candidates, endpoint)};
}

}  // namespace telltale

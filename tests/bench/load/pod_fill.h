// SPDX-License-Identifier: Apache-2.0
//
// PodFill: all that tells one pod of the load from another, and what is made of it: names, uid,
// address. Every value has a fixed length, so that it can be patched into bytes. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale::bench {

enum class Phase : std::uint8_t {
  kCreated,
  kScheduled,
  kCreating,
  kStarted,  // running with an address: from here on it is a target
  kReady,
  kTouched,  // ready after a restart: nothing that a target is made of differs
  kTerminating,
  kStopped,  // its containers have ended; the next event is DELETED
};
inline constexpr int kPhases = 8;

// App 0 is the marker: it sorts first in every list, and its changes are those that are timed.
inline constexpr std::uint16_t kMarkerApp = 0;
inline constexpr int kNamespaces = 100;

// All that tells one pod from another of its shape and phase.
struct PodFill {
  std::uint64_t version = 0;  // metadata.resourceVersion
  std::uint32_t serial = 0;   // makes the uid, the address and the name's end
  std::uint32_t revision = 0;
  std::uint16_t app = 0;
  std::uint16_t ordinal = 0;  // of a StatefulSet's pod
  std::uint16_t node = 0;
  Phase phase = Phase::kCreated;
};

bool IsStatefulSet(std::uint16_t app);
std::string AppName(std::uint16_t app);
std::string NamespaceName(std::uint16_t app);
std::string PodName(const PodFill& pod);
std::string PodUid(const PodFill& pod);
std::string PodAddress(const PodFill& pod);
std::string NodeName(const PodFill& pod);

// The values by their place in a template (templates.py), written once for all their patches.
enum class Hole : std::uint8_t { kNs, kApp, kHash, kSuffix, kOrdinal, kUid, kIp, kVersion, kNode };
inline constexpr std::size_t kHoles = 9;

class PodValues {
 public:
  explicit PodValues(const PodFill& pod);
  std::string_view operator[](Hole hole) const;

 private:
  char ns_[8], app_[8], hash_[10], suffix_[5], ordinal_[3], uid_[36], ip_[15], version_[10],
      node_[9];
};

}  // namespace telltale::bench

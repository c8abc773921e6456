// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/digest.h"

#include <array>
#include <string>

namespace telltale::bench {
namespace {

constexpr std::string_view kPort = ":9090";

std::uint64_t Hash(const std::array<std::string, 5>& parts) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const auto& part : parts) {
    for (const char c : part + "|")
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash;
}

// What stands between `before` and the next quote, from `at` on; moves `at` behind it.
bool Take(std::string_view text, std::string_view before, std::size_t& at, std::string& out) {
  const auto start = text.find(before, at);
  if (start == std::string_view::npos) return false;
  const auto from = start + before.size();
  const auto end = text.find('"', from);
  if (end == std::string_view::npos) return false;
  out = std::string(text.substr(from, end - from));
  at = end;
  return true;
}

}  // namespace

Digest DigestOfPods(const std::vector<PodFill>& pods, std::uint16_t monitored) {
  Digest digest;
  for (const PodFill& pod : pods) {
    if (pod.phase < Phase::kStarted || pod.app > monitored) continue;
    ++digest.targets;
    digest.sum += Hash({PodAddress(pod) + std::string(kPort), PodUid(pod), NamespaceName(pod.app),
                        NodeName(pod), PodName(pod)});
  }
  return digest;
}

Digest DigestOfDocument(std::string_view document) {
  Digest digest;
  std::array<std::string, 5> parts;
  for (std::size_t at = 0; Take(document, "\"targets\":[\"", at, parts[0]);) {
    if (!Take(document, "\"__meta_telltale_pod_uid\":\"", at, parts[1]) ||
        !Take(document, "\"namespace\":\"", at, parts[2]) ||
        !Take(document, "\"node\":\"", at, parts[3]) || !Take(document, "\"pod\":\"", at, parts[4]))
      break;
    ++digest.targets;
    digest.sum += Hash(parts);
  }
  return digest;
}

}  // namespace telltale::bench

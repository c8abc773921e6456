// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/pod_annotations.h"

#include <algorithm>

#include "operator/model/pod_view.h"

namespace telltale {
namespace {

// validation.TotalAnnotationSizeLimitB of the API server, less some room for what LimitRanger says
// in an annotation of its own.
constexpr std::size_t kRoom = 256 * 1024 - 1024;
// Each pod of a workload carries it.
constexpr std::size_t kLongestText = 1024;

}  // namespace

void PodAnnotations::Add(std::string_view name, std::string value, std::size_t replaced) {
  const std::size_t size = value.size() + (replaced > 0 ? 0 : name.size());
  if (bytes_ - replaced + size > kRoom) return;
  bytes_ += size - replaced;
  added_.emplace_back(name, std::move(value));
}

void PodAnnotations::AddSafeToEvict(const std::vector<std::string>& volumes) {
  std::string value = pod_.safe_to_evict;
  const auto named = Split(pod_.safe_to_evict, ',');
  for (const auto& volume : volumes) {
    if (std::ranges::find(named, volume) != named.end()) continue;
    value.append(value.empty() ? "" : ",").append(volume);
  }
  Add(kSafeToEvictAnnotation, std::move(value), pod_.safe_to_evict.size());
}

void PodAnnotations::AddUnseenLogs(const std::vector<LogMounts::Unseen>& unseen) {
  std::string text;
  for (const auto& [directory, why] : unseen) {
    const std::string line = directory + ": " + why;
    if (text.size() + line.size() > kLongestText) break;
    text.append(text.empty() ? "" : "\n").append(line);
  }
  if (!text.empty()) Add(kUnseenLogsAnnotation, std::move(text));
}

}  // namespace telltale

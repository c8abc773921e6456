// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/resource_version.h"

#include <algorithm>

namespace telltale {

bool IsComparableVersion(std::string_view version) {
  return !version.empty() && version.front() != '0' &&
         std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::partial_ordering CompareVersions(std::string_view a, std::string_view b) {
  if (!IsComparableVersion(a) || !IsComparableVersion(b)) return std::partial_ordering::unordered;
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace telltale

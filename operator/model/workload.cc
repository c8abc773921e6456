// SPDX-License-Identifier: Apache-2.0
#include "operator/model/workload.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "common/base/strings.h"
#include "operator/model/pod_view.h"

namespace telltale {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes = {
    {{"StatefulSet", "statefulset"},
     {"DaemonSet", "daemonset"},
     {"ReplicaSet", "replicaset"},
     {"Job", "job"}}};

// A pod of a Job is made after the time its CronJob names, and retries end within a day or so.
constexpr std::int64_t kMaxAgeMinutes = 7 * 24 * 60;

// The name without "-SUFFIX"; empty when it does not end so.
std::string_view Without(std::string_view name, std::string_view suffix) {
  if (suffix.empty() || name.size() < suffix.size() + 2 || !name.ends_with(suffix)) return {};
  name.remove_suffix(suffix.size());
  if (name.back() != '-') return {};
  name.remove_suffix(1);
  return name;
}

// A CronJob names its Jobs NAME-MINUTES, with the minutes of the scheduled time since the epoch. A
// number that is no time shortly before the pod was made was given by a person, such as a date.
std::string_view CronJobOf(std::string_view job, std::int64_t created) {
  const std::string_view digits = job.substr(std::min(job.size(), job.rfind('-') + 1));
  const auto minutes = ParseInt(digits);
  if (!minutes || digits.front() == '0' || created == 0) return {};
  const std::int64_t age = created / 60 - *minutes;
  return age >= 0 && age <= kMaxAgeMinutes ? Without(job, digits) : std::string_view();
}

}  // namespace

Workload WorkloadOf(const Pod& pod) {
  const std::string& kind = pod.meta.owner_kind;
  const std::string& owner = pod.meta.owner_name;
  if (kind.empty()) return {pod.meta.name, "barepod"};
  if (kind == "Node") return {pod.meta.name, "staticpod"};
  if (kind == "ReplicaSet") {
    const std::string* hash = FindLabel(pod.meta.labels, kTemplateHashLabel);
    const std::string_view deployment = hash ? Without(owner, *hash) : std::string_view();
    if (!deployment.empty()) return {std::string(deployment), "deployment"};
  }
  if (kind == "Job") {
    const std::string_view cron = CronJobOf(owner, pod.created);
    if (!cron.empty()) return {std::string(cron), "cronjob"};
  }
  const auto* known = std::ranges::find(kTypes, kind, &decltype(kTypes)::value_type::first);
  return {owner, known == kTypes.end() ? kind : std::string(known->second)};
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/refused_pods.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/cut_text.h"
#include "common/base/strings.h"
#include "common/net/http/http.h"
#include "operator/model/refused_workload.h"
#include "operator/model/replica_set.h"
#include "operator/plan/reasons.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

constexpr Millis kBetweenLists{100};
// A workload that is made right after the resource is found by the second or third look.
constexpr Millis kFirstPause{4'000};
constexpr Millis kLongestPause{300'000};
// While a refusal is known: the sentence may change, or the workload may go.
constexpr Millis kRefusedPause{15'000};
constexpr std::size_t kMaxNamespaces = 3;
constexpr std::size_t kMaxWorkloads = 10;  // of one namespace, in one look
constexpr std::size_t kMaxSentence = 700;

// As in kubectl get --selector.
std::string SelectorText(const LabelSelector& selector) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : selector.match_labels) parts.push_back(key + "=" + value);
  for (const auto& one : selector.match_expressions) {
    using Operator = LabelSelector::Operator;
    if (one.op == Operator::kExists) {
      parts.push_back(one.key);
    } else if (one.op == Operator::kDoesNotExist) {
      parts.push_back("!" + one.key);
    } else {
      const std::string_view word = one.op == Operator::kIn ? " in (" : " notin (";
      parts.push_back(one.key + std::string(word) + Join(one.values, ",") + ")");
    }
  }
  return Join(parts, ",");
}

// Each try has a pod name of its own: web-6d4cf56db6-x7k2p. The sentence is to stay the same.
std::string WithoutPodName(std::string text, const std::string& set) {
  constexpr std::size_t kSuffix = 5;
  const std::string prefix = set + "-";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    at += prefix.size();
    std::size_t size = 0;
    while (at + size < text.size() && IsLetterOrDigit(text[at + size])) ++size;
    if (size == kSuffix) text.replace(at, size, "*");
  }
  return text;
}

// With a selector the answer is short and may come from the API server's cache, which knows no
// limit.
std::string Parameters(const LabelSelector& selector) {
  if (selector.empty()) return "?limit=100";
  return "?resourceVersion=0&labelSelector=" + UrlEncode(SelectorText(selector));
}

std::string Sentence(const RefusedWorkload& workload) {
  std::string why = WithoutPodName(workload.message, workload.name);
  std::ranges::replace(why, '\n', ' ');
  while (why.ends_with('.') || why.ends_with(' ')) why.pop_back();
  // A Job has no rollout.
  const std::string_view fix = Info(Reason::kPodsRefused).fix;
  const bool job = workload.kind == "Job";
  return "The API server refuses the pods of " + workload.kind + " " + workload.ns + "/" +
         workload.name + ": " + CutText(why, kMaxSentence) + "; " +
         std::string(job ? fix.substr(0, fix.rfind(", ")) : fix) + ".";
}

// An API server that does not let us ask says nothing, and that is no failure to say something.
bool MayNotAsk(const Error& error) {
  return error.code == Code::kPermission || error.code == Code::kInvalid ||
         error.code == Code::kNotFound;
}

}  // namespace

RefusedPods::Answer RefusedPods::Of(const MonitoringTarget& target) {
  const std::string key = target.meta.Key();
  Millis pause{0};
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    Known& known = known_[key];
    if (known.generation != target.meta.generation) {
      known = Known();
      known.generation = target.meta.generation;
    }
    if (known.next <= now && !known.reserved) {
      // Each waits for its own turn, so that it is looked at once and not at every turn.
      known.next = std::max(now, free_at_);
      known.reserved = true;
      free_at_ = known.next + kBetweenLists;
    }
    if (known.next > now) return {known.why, std::chrono::ceil<Millis>(known.next - now)};
    known.reserved = false;
    pause = std::clamp(known.pause * 2, kFirstPause, kLongestPause);
    known.next = now + pause;
    known.pause = pause;
  }
  Result<std::string> found = Look(target);
  MutexLock lock(mutex_);
  const auto at = known_.find(key);
  if (at == known_.end()) return {};
  // What cannot be asked, as without the right to, leaves what is known.
  if (found) at->second.why = *std::move(found);
  if (!at->second.why.empty()) {
    at->second.next = clock_.Steady() + kRefusedPause;
    at->second.pause = Millis(0);
  }
  return {at->second.why, std::chrono::ceil<Millis>(at->second.next - clock_.Steady())};
}

void RefusedPods::Forget(const std::string& key) {
  MutexLock lock(mutex_);
  known_.erase(key);
}

Result<std::string> RefusedPods::Look(const MonitoringTarget& target) {
  std::vector<std::string> namespaces;  // "": all
  if (!target.namespaces || !trusted_namespaces_.contains(target.meta.ns)) {
    namespaces.push_back(target.meta.ns);
  } else if (target.namespaces->any) {
    namespaces.emplace_back();
  } else {
    const auto& names = target.namespaces->names;
    namespaces.assign(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(
                                                         std::min(names.size(), kMaxNamespaces)));
  }
  for (const auto& ns : namespaces) {
    auto found = LookAtReplicaSets(target, ns);
    // All events of a cluster are too many to look through.
    if (found && found->empty() && !ns.empty()) found = LookAtEvents(target, ns);
    if (!found || !found->empty()) return found;
  }
  return std::string();
}

// A Deployment gives its ReplicaSets the labels of its pods, so that the selector finds them; that
// the template matches is checked here.
Result<std::string> RefusedPods::LookAtReplicaSets(const MonitoringTarget& target,
                                                   const std::string& ns) {
  const std::string in = ns.empty() ? "" : "/namespaces/" + ns;
  const auto list = api_.Get("/apis/apps/v1" + in + "/replicasets" + Parameters(target.selector));
  if (!list) return list.error();
  const auto refused = FindRefusedReplicaSet(
      *list, [&](const RefusedReplicaSet& set) { return target.selector.Matches(set.pod_labels); });
  if (!refused) return refused.error();
  if (!*refused) return std::string();
  const RefusedReplicaSet& set = **refused;
  return Sentence(RefusedWorkload{"ReplicaSet", set.ns, set.name, set.message});
}

Result<std::string> RefusedPods::LookAtEvents(const MonitoringTarget& target,
                                              const std::string& ns) {
  const auto list = api_.Get(EventCollection(ns) + "?limit=100&fieldSelector=" +
                             UrlEncode("reason=" + std::string(kFailedCreate)));
  if (!list) return MayNotAsk(list.error()) ? Result<std::string>("") : list.error();
  const auto workloads = RefusedWorkloads(*list);
  if (!workloads) return workloads.error();
  std::size_t asked = 0;
  for (const auto& workload : *workloads) {
    if (++asked > kMaxWorkloads) break;
    const auto object = api_.Get(WorkloadPath(workload));
    if (!object && MayNotAsk(object.error())) continue;  // it is gone
    if (!object) return object.error();
    const auto needs = DecodeWorkload(*object);
    if (!needs) return needs.error();
    if (needs->pods && target.selector.Matches(needs->pod_labels)) return Sentence(workload);
  }
  return std::string();
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/status_reconciler.h"

#include <algorithm>
#include <utility>

#include "common/text/json_writer.h"
#include "operator/model/selection.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;

// Between two writes of one status: when nothing but counts changed, and in any case, so that two
// that disagree about it cannot make a storm.
constexpr Millis kCounts{5'000};
constexpr Millis kAnything{500};
// The longest between two computations of one status, where there are many (pace.h).
constexpr Millis kPace{20'000};
constexpr Millis kNoView{1'000};  // the first view adds every key as well
// Somebody may have edited a status, and not every event need have come: look again now and then.
constexpr Millis kResync{600'000};

// What a refusal (404, 409) is about: another resource of that name, or an edit, is tried at once.
std::string StateOf(const ObjectMeta& meta) {
  return meta.uid + "/" + std::to_string(meta.generation);
}

// The uid is a precondition: a resource that was deleted and made again is not the one we mean.
std::string StatusPatchJson(const ObjectMeta& meta, std::string_view status) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "telltale.dev/v1alpha1").Field("kind", "MonitoringTarget");
  w.Key("metadata").BeginObject();
  w.Field("name", meta.name).Field("namespace", meta.ns).Field("uid", meta.uid).EndObject();
  w.Key("status").Raw(status).EndObject();
  return json;
}

}  // namespace

StatusReconciler::StatusReconciler(StatusSources sources, Api& api,
                                   std::function<void(const StatusTransition&)> turned,
                                   Registry& registry, Clock& clock)
    : sources_(std::move(sources)),
      api_(api),
      turned_(std::move(turned)),
      clock_(clock),
      writes_(registry, "status"),
      own_writes_(clock),
      pace_(clock, kPace) {}

std::vector<std::string> StatusReconciler::AllKeys() {
  auto keys = sources_.all_keys();
  // What was deleted while another replica led.
  const std::set<std::string> there(keys.begin(), keys.end());
  own_writes_.KeepOnly(there);
  pace_.KeepOnly(there);
  return keys;
}

ReconcileResult StatusReconciler::Reconcile(const std::string& key) {
  const auto view = sources_.view.Get();
  if (!view && sources_.asks_prometheus) return ReconcileResult::TooEarly(kNoView);
  if (const Millis wait = pace_.MustWait(key); wait > Millis(0)) {
    return ReconcileResult::TooEarly(wait);
  }
  SteadyTime began = clock_.Steady();
  const auto matched = sources_.matched(key);
  if (!matched || matched->target->meta.deleting) {
    own_writes_.Forget(key);
    pace_.Forget(key);
    if (sources_.refused) sources_.refused->Forget(key);
    return {};
  }
  const MonitoringTarget& target = *matched->target;
  if (const Millis rest = own_writes_.RestAfterRefusal(key, StateOf(target.meta));
      rest > Millis(0)) {
    return ReconcileResult::TooEarly(rest);
  }
  const SteadyTime asked = clock_.Steady();
  const RefusedPods::Answer refusal = RefusalOf(*matched);
  began += clock_.Steady() - asked;  // to wait for an answer is no work
  const PrometheusView unknown;
  std::int64_t look_again = 0;
  const std::string status = RenderTargetStatus(
      {target, matched->pods, view ? *view : unknown, sources_.trusted_namespaces,
       clock_.WallNanos(), sources_.config ? sources_.config(key) : ConfigState(),
       sources_.installation ? sources_.installation() : Installation(), refusal.why,
       static_cast<int>(matched->finished), matched->runs_jobs},
      &look_again);
  Millis again = look_again > 0 ? std::min(kResync, Millis(look_again * 1000)) : kResync;
  if (refusal.again > Millis(0)) again = std::min(again, refusal.again);
  const bool differs = StatusDiffers(target.status_json, status);
  pace_.Worked(key, began);
  if (!differs) return {{}, again};
  if (own_writes_.Unseen(key, target.meta.resource_version)) {
    return ReconcileResult::TooEarly(OwnWrites::kLookAgain);
  }
  const auto changes = ConditionChanges(target.status_json, status);
  const bool urgent =
      !changes.empty() || ObservedGeneration(target.status_json) != ObservedGeneration(status);
  const Millis wait = WriteMustWait(key, urgent);
  if (wait > Millis(0)) return ReconcileResult::TooEarly(wait);
  ReconcileResult result = Write(target, status, changes);
  if (result.status.ok() && result.requeue_after == kResync) result.requeue_after = again;
  return result;
}

RefusedPods::Answer StatusReconciler::RefusalOf(const MatchedPods& matched) {
  if (!sources_.refused) return {};
  const MonitoringTarget& target = *matched.target;
  const bool selects = !target.selector.empty() || target.selector.match_all;
  if (matched.pods.empty() && selects && !target.suspend && matched.finished == 0)
    return sources_.refused->Of(target);
  sources_.refused->Forget(target.meta.Key());
  return {};
}

Millis StatusReconciler::WriteMustWait(const std::string& key, bool urgent) const {
  const auto last = own_writes_.LastWrite(key);
  if (!last) return Millis(0);
  const auto left = *last + (urgent ? kAnything : kCounts) - clock_.Steady();
  return std::max(std::chrono::ceil<Millis>(left), Millis(0));
}

ReconcileResult StatusReconciler::Write(const MonitoringTarget& target, const std::string& status,
                                        const std::vector<ConditionChange>& changes) {
  const Status written = api_.Apply(TargetStatusPath(target.meta.ns, target.meta.name),
                                    StatusPatchJson(target.meta, status));
  if (!written.ok()) {
    const Code code = written.error().code;
    // Deleted, or made again, since the cache heard of it: its event comes. If none comes, it was
    // not the resource that the answer meant, but a proxy, or a definition without status.
    if (code == Code::kNotFound || code == Code::kConflict) {
      if (own_writes_.Refused(target.meta.Key(), StateOf(target.meta))) writes_.Count(written);
      return {{}, OwnWrites::kRest};
    }
    if (code != Code::kCancelled) writes_.Count(written);
    return {written};
  }
  writes_.Count(written);
  own_writes_.Wrote(target.meta.Key(), target.meta.resource_version);
  if (turned_) {
    for (const auto& change : WorthTelling(changes)) turned_({target, change});
  }
  return {{}, kResync};
}

std::vector<std::string> TargetsConcerned(const ReportChanges& changes, const World& world) {
  std::map<std::string, const Namespace*> namespaces;
  for (const auto& ns : world.namespaces) namespaces[ns->meta.name] = ns.get();
  const Labels none;
  const auto looks_into = [&](const MonitoringTarget& target, const std::set<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& ns) {
      const auto found = namespaces.find(ns);
      const Labels& labels = found == namespaces.end() ? none : found->second->meta.labels;
      return LooksInto(target, ns, labels, world.trusted_namespaces);
    });
  };
  // Node agents say of their pods what sidecars say of theirs.
  const auto shares = [&](const MonitoringTarget& target) {
    const bool read = target.WantsSidecar() || (!target.suspend && target.logs);
    return (read && looks_into(target, changes.sidecars)) ||
           (target.metrics && looks_into(target, changes.pages));
  };
  std::vector<std::string> keys;
  for (const auto& target : world.targets) {
    std::string key = target->meta.Key();
    if (changes.all || changes.targets.contains(key) || shares(*target)) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/publish/publisher.h"

#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "operator/model/metric_filter.h"
#include "operator/reconcile/publish/target_pages.h"

namespace telltale {
namespace {

// Records of pods that come and go leave holes of whole pages; to give them back takes a fraction
// of a millisecond (tests/bench/operator_scale.py: memory after, of settled).
constexpr std::chrono::seconds kTrimEvery{10};

using std::chrono::milliseconds;

// Between two publications under load: so that half of all changes are out after 75 ms, and so that
// publishing takes a tenth of a processor at most, though nobody waits longer than a second.
constexpr milliseconds kPause{150};
constexpr milliseconds kLongestPause{900};
constexpr int kShare = 10;
// Nobody tells when the last cache is synced, so until the first publication it is asked.
constexpr milliseconds kUnsynced{100};

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void AddSizes(Registry& registry, const ClusterIndex& index) {
  const auto gauge = [&](std::string_view kind) -> Gauge* {
    return &registry.AddGauge("telltale_index_size", "What the index of the cluster holds.",
                              {{"kind", std::string(kind)}});
  };
  registry.OnRender([&index, pods = gauge("pods"), targets = gauge("targets"),
                     namespaces = gauge("namespaces"), groups = gauge("groups"),
                     sets = gauge("label_sets"), strings = gauge("strings"),
                     shapes = gauge("shapes"), matches = gauge("matches")] {
    const IndexSize size = index.sizes();
    pods->Set(static_cast<double>(size.pods));
    targets->Set(static_cast<double>(size.targets));
    namespaces->Set(static_cast<double>(size.namespaces));
    groups->Set(static_cast<double>(size.groups));
    sets->Set(static_cast<double>(size.label_sets));
    strings->Set(static_cast<double>(size.strings));
    shapes->Set(static_cast<double>(size.shapes));
    matches->Set(static_cast<double>(size.matches));
  });
}

std::shared_ptr<const Document> DocumentOf(
    const std::map<std::string, std::unique_ptr<TargetPages>>& parts) {
  std::vector<TargetPages::PagePtr> all;
  all.reserve(parts.size());
  for (const auto& [key, part] : parts) {
    all.insert(all.end(), part->pages().begin(), part->pages().end());
  }
  return std::make_shared<const Document>(std::move(all));
}

}  // namespace

Publisher::Publisher(ClusterIndex& index, std::function<bool()> synced,
                     Published<Document>& document,
                     std::function<void(const std::vector<std::string>&)> published,
                     Registry& registry, Clock& clock, const std::string& cluster)
    : index_(index),
      synced_(std::move(synced)),
      document_(document),
      published_(std::move(published)),
      clock_(clock),
      renderer_(std::make_unique<PodRenderer>(cluster)),
      lag_(registry.AddHistogram(
          "telltale_publish_lag_seconds",
          "From the oldest change in a publication, as it was taken in, to its publication.",
          {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5})),
      duration_(registry.AddHistogram("telltale_publish_duration_seconds",
                                      "Time to render what changed and to publish it.",
                                      {0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5})),
      publications_(registry.AddCounter("telltale_publications_total",
                                        "Times that changes were taken in and published.")),
      targets_(registry.AddGauge("telltale_discovery_targets",
                                 "Targets in the discovery document served now.")),
      bytes_(registry.AddGauge("telltale_discovery_bytes",
                               "Size of the discovery document served now.")) {
  AddSizes(registry, index);
}

Publisher::~Publisher() = default;

bool Publisher::PublishOnce() {
  if (!synced_()) return false;
  const SteadyTime start = clock_.Steady();
  Changes changes = index_.TakeChanges();
  if (changes.empty() && !first_) return false;
  if (Apply(changes) || first_) Publish();
  const SteadyTime end = clock_.Steady();
  took_ = end - start;
  publications_.Add();
  duration_.Observe(Seconds(took_));
  if (!changes.empty()) lag_.Observe(Seconds(end - changes.oldest));
  // After a whole new content, above all the first, much of what was needed to read it is free.
  if (changes.replaced || first_ || end - trimmed_ >= kTrimEvery) {
    ::malloc_trim(0);
    trimmed_ = end;
  }
  first_ = false;
  std::vector<std::string> keys;
  keys.reserve(changes.targets.size());
  for (auto& change : changes.targets) keys.push_back(std::move(change.key));
  if (published_) published_(keys);
  return true;
}

// True when a document differs.
bool Publisher::Apply(Changes& changes) {
  bool differs = false;
  for (auto& change : changes.targets) {
    classes_differ_ |= ApplyToClasses(change);
    differs |= Apply(pages_, change, {});
    change.pods = {};
  }
  return differs || classes_differ_;
}

bool Publisher::Apply(Pages& pages, TargetChange& change, const std::string& document) {
  if (!change.target) return pages.erase(change.key) > 0;
  auto& part = pages[change.key];
  if (!part) part = std::make_unique<TargetPages>(document);
  return part->Apply(change, *renderer_);
}

// A resource that gets or loses a class or a filter changes as a whole, so nothing is missing in a
// new part.
bool Publisher::ApplyToClasses(const TargetChange& change) {
  std::set<std::string> named;
  if (change.target && change.target->metrics) {
    for (const Endpoint& endpoint : change.target->metrics->endpoints) {
      if (std::string name = DocumentName(endpoint); !name.empty()) named.insert(std::move(name));
    }
  }
  bool differs = false;
  for (auto it = class_pages_.begin(); it != class_pages_.end();) {
    if (!named.contains(it->first)) differs |= it->second.erase(change.key) > 0;
    it = it->second.empty() ? class_pages_.erase(it) : std::next(it);
  }
  for (const std::string& name : named) {
    TargetChange copy = change;
    differs |= Apply(class_pages_[name], copy, name);
  }
  return differs;
}

std::shared_ptr<const Document> Publisher::OfClass(const std::string& name) const {
  const auto all = classes_.Get();
  if (!all) return nullptr;
  const auto found = all->find(name);
  static const auto kEmpty =
      std::make_shared<const Document>(std::vector<std::shared_ptr<const DocumentPage>>());
  return found == all->end() ? kEmpty : found->second;
}

void Publisher::PublishClasses() {
  if (!std::exchange(classes_differ_, false)) return;
  auto documents = std::make_shared<ClassDocuments>();
  for (const auto& [name, parts] : class_pages_) documents->emplace(name, DocumentOf(parts));
  classes_.Set(std::move(documents));
}

void Publisher::Publish() {
  PublishClasses();
  auto document = DocumentOf(pages_);
  targets_.Set(static_cast<double>(document->targets()));
  bytes_.Set(static_cast<double>(document->size()));
  document_.Set(std::move(document));
}

void Publisher::Changed() {
  MutexLock lock(mutex_);
  if (std::exchange(changed_, true)) return;
  wake_.NotifyOne();
}

void Publisher::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyOne();
}

milliseconds Publisher::PauseAfter(std::chrono::nanoseconds took) {
  return std::clamp(std::chrono::duration_cast<milliseconds>(took * kShare), kPause, kLongestPause);
}

void Publisher::Run() {
  while (Await()) {
    if (!PublishOnce() && first_) continue;
    MutexLock lock(mutex_);
    wake_.WaitFor(mutex_, PauseAfter(took_), [this]() REQUIRES(mutex_) { return stopping_; });
  }
}

// False when it is to stop.
bool Publisher::Await() {
  MutexLock lock(mutex_);
  const auto wanted = [this]() REQUIRES(mutex_) { return changed_ || stopping_; };
  if (!first_) {
    wake_.Wait(mutex_, wanted);
  } else if (!stopping_) {
    wake_.WaitFor(mutex_, kUnsynced, [this]() REQUIRES(mutex_) { return stopping_; });
  }
  changed_ = false;
  return !stopping_;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Publisher: renders what changed in the index and publishes the discovery document made of it. It
// writes nothing to the API, so discovery goes on when the API server is away and in replicas that
// do not lead. One thread runs Run() (or a simulation calls PublishOnce); Changed() and Stop() may
// come from any.
//
// At once after a rest, because a pod may be starting that waits for it; then at most every 150 ms
// (longer, up to 1 s, when publishing itself takes long), so that a rollout is few documents.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "operator/store/cluster_index.h"
#include "operator/store/document.h"
#include "operator/store/published.h"

namespace telltale {

class PodRenderer;
class TargetPages;

class Publisher {
 public:
  // `synced` says whether every cache holds a whole list: nothing is published before, so that
  // nobody ever reads a partial one. `published` is called on the publisher's thread with the
  // targets whose pods, or which themselves, changed since the last time: also when that left the
  // document's bytes as they were, because status says more than the document does. `cluster` is a
  // label of all targets; empty: they have none.
  Publisher(ClusterIndex& index, std::function<bool()> synced, Published<Document>& document,
            std::function<void(const std::vector<std::string>& target_keys)> published,
            Registry& registry, Clock& clock = RealClock(), const std::string& cluster = {});
  ~Publisher();

  // The document of that DocumentName, such as a scrape class: null before the first publication,
  // empty when no endpoint stands in it. Called by any thread.
  std::shared_ptr<const Document> OfClass(const std::string& name) const;

  // One step: false when there was nothing to do.
  bool PublishOnce();

  // How long the next one waits after one that took so long.
  static std::chrono::milliseconds PauseAfter(std::chrono::nanoseconds took);

  void Changed();  // the index's OnChange
  void Run();
  void Stop();

 private:
  using Pages = std::map<std::string, std::unique_ptr<TargetPages>>;  // by key of the target
  using ClassDocuments = std::map<std::string, std::shared_ptr<const Document>>;
  bool Apply(Changes& changes);
  bool Apply(Pages& pages, TargetChange& change, const std::string& document);
  bool ApplyToClasses(const TargetChange& change);
  void Publish();
  void PublishClasses();
  bool Await();

  ClusterIndex& index_;
  std::function<bool()> synced_;
  Published<Document>& document_;
  std::function<void(const std::vector<std::string>&)> published_;
  Clock& clock_;

  // Of the thread that publishes.
  std::unique_ptr<PodRenderer> renderer_;
  Pages pages_;
  std::map<std::string, Pages> class_pages_;
  bool classes_differ_ = true;
  bool first_ = true;
  std::chrono::nanoseconds took_{0};
  SteadyTime trimmed_{};

  Published<ClassDocuments> classes_;

  Mutex mutex_;
  CondVar wake_;
  bool changed_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;

  Histogram& lag_;
  Histogram& duration_;
  Counter& publications_;
  Gauge& targets_;
  Gauge& bytes_;
};

}  // namespace telltale

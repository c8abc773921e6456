// SPDX-License-Identifier: Apache-2.0
//
// Keeps a node agent's pods up to date. It asks the operator every two seconds. While the operator
// does not answer, the last list stays, also over a restart (a copy lies in the state folder). A
// pod that is no longer listed is read until all that it wrote has been read. A pod whose target
// became unusable keeps the last good one. Made by sidecar/app.
//
// Threads: one of its own from Start to Stop, which makes all calls out; pods() is for any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"
#include "common/net/http/token_source.h"
#include "sidecar/config/target_gauges.h"
#include "sidecar/node/node_logs.h"

namespace telltale {

struct PodFeedOptions {
  Url operator_url;
  std::string token_file;  // its content is sent as a bearer token; empty: none is
  std::string node;        // our node's name
  std::string directory;   // of the pods' folders
  std::string state_dir;   // for the copy of the list; empty: none
  // Folders of files of which something was seen so long ago, and is not read; nothing when that
  // cannot be told.
  std::function<std::optional<std::set<std::string>>(std::chrono::seconds age)> behind;
  std::function<void()> changed;  // pods() is another
};

class PodFeed {
 public:
  static constexpr std::chrono::seconds kAskEvery{2};
  // A pod that was deleted by force runs on so long, and its containers' last words take a moment.
  static constexpr std::chrono::seconds kLinger{30};
  static constexpr std::chrono::seconds kBehind{10};
  static constexpr std::chrono::hours kLongest{24};
  static constexpr std::size_t kMaxGone = 2'000;

  PodFeed(PodFeedOptions options, Registry& registry, Clock& clock);
  ~PodFeed();  // stops

  // Takes up the copy of the last process; then the thread begins.
  void Start();
  void Stop();

  // Those of the list and those that are not read to their end yet.
  std::vector<NodePod> pods() const;

  // Start without the thread, and what that does each time: for tests.
  void Recall();
  void Step();

 private:
  struct Gone {
    NodePod pod;
    SteadyTime since;
  };

  void Run();
  bool Ask();
  bool Take(const std::string& json, bool recalled);
  bool LetGo();
  void LogProblems(const std::vector<std::string>& problems);
  void NoteTarget(const NodeTarget& listed, const NodeTarget* in_effect);
  using TargetCache =
      std::map<std::pair<const NodeTarget*, const NodeTarget*>, std::shared_ptr<const NodeTarget>>;
  static std::shared_ptr<const NodeTarget> Merged(const std::shared_ptr<const NodeTarget>& before,
                                                  const std::shared_ptr<const NodeTarget>& now,
                                                  TargetCache& cache);
  void Publish();
  void Failed(const std::string& why);
  std::string CopyPath() const { return options_.state_dir + "/pods.json"; }

  const PodFeedOptions options_;
  Clock& clock_;
  HttpClient client_;
  TokenSource token_;
  Backoff backoff_;
  Counter& changed_;
  Counter& unchanged_;
  Counter& failed_;
  Gauge& pods_read_;
  Gauge& success_time_;
  Gauge& unusable_parts_;
  TargetGauges target_gauges_;

  // Of the thread.
  std::string version_;  // of the list, by the operator's ETag
  std::vector<NodePod> listed_;
  std::multimap<std::string, Gone> gone_;  // by folder; several of a pod with several targets
  TargetStates targets_;                   // of the last list
  std::string last_error_;
  std::set<std::string> problems_;  // of the last list
  std::chrono::milliseconds wait_{0};

  mutable Mutex mutex_;
  CondVar wake_;
  std::vector<NodePod> pods_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace telltale

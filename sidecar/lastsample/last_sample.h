// SPDX-License-Identifier: Apache-2.0
//
// The last samples of a pod: pages of its applications as they were when these ended, and our own,
// handed over by remote write. Kept pages cost one scrape per interval; nothing runs without a
// configuration. Every store gets everything, on a thread of its own, so that one that is away
// holds up no other.
//
// Threads: called by the main loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/lastsample/page_keeper.h"
#include "sidecar/lastsample/remote_writer.h"

namespace telltale {

struct LastSampleOptions {
  std::vector<std::string> urls;  // of stores; empty: nothing is kept and nothing sent
  Access access;
  std::chrono::milliseconds interval{1'000};  // of the scrapes
  std::chrono::milliseconds timeout{10'000};  // from the end on
  std::vector<PageToKeep> pages;
  Labels own;  // that a scrape would give the samples of our page
  bool operator==(const LastSampleOptions&) const = default;
};

class LastSample {
 public:
  LastSample(Registry& registry, Clock& clock);
  ~LastSample();  // ends what is being sent

  void Configure(const LastSampleOptions& options);
  bool enabled() const { return !options_.urls.empty(); }

  // The applications have ended: their pages are read once more and what is kept is sent.
  void Begin();
  // Sends our own page, and returns when all is sent or the time is over. `own` is the page, as
  // text, after nothing serves it any more.
  void Finish(std::string_view own);

 private:
  using Pages = std::vector<std::shared_ptr<const LastPage>>;
  struct Destination {
    Destination(const std::string& url_of, const Access& access, Clock& clock)
        : url(url_of), writer(url_of, access, clock) {}
    const std::string url;
    RemoteWriter writer;
    RemoteWriter::Outcome outcome;
    std::thread thread;
  };

  Pages KeptPages();
  void Run(Destination& destination, const Pages& pages) EXCLUDES(mutex_);
  static void Say(const Destination& destination);

  Clock& clock_;
  Registry& registry_;
  std::optional<PageKeeper::Counters> counters_;  // once there is something to keep
  LastSampleOptions options_;
  std::vector<std::unique_ptr<PageKeeper>> keepers_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  SteadyTime deadline_{};

  Mutex mutex_;
  CondVar own_ready_;
  bool finishing_ GUARDED_BY(mutex_) = false;
  Pages own_ GUARDED_BY(mutex_);
  SteadyTime own_deadline_ GUARDED_BY(mutex_){};
};

}  // namespace telltale

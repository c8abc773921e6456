// SPDX-License-Identifier: Apache-2.0
//
// Hands the values of pages over to one Prometheus, or another store, by remote write: 2.0 where
// the store has it, else 1.0. Values carry the time at which they are sent, by the store's clock:
// that is later than the last scrape, and than a staleness marker that Prometheus set since.
// Requests that cannot be answered now are sent again, the same bytes; of one that is refused only
// what is refused is lost. One thread; Cancel may come from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/access/access_client.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/exposition/remote_write.h"

namespace telltale {

// A page as a scrape would have taken it.
struct LastPage {
  std::vector<Family> families;
  ScrapeLabels labels;
  bool end = true;  // nothing comes after it, so its series get a staleness marker
};

class RemoteWriter {
 public:
  // Series by what became of them, and the last thing that went wrong.
  struct Outcome {
    std::size_t written = 0, refused = 0, unsent = 0;
    std::string error;
  };

  // For a URL and an access that AccessClient::Check takes.
  RemoteWriter(const std::string& url, Access access, Clock& clock);

  // Blocks until `deadline` at the latest. Adds to `outcome`.
  void Send(std::span<const std::shared_ptr<const LastPage>> pages, SteadyTime deadline,
            Outcome& outcome);
  // Ends a Send, and all later ones.
  void Cancel() EXCLUDES(mutex_);

 private:
  using Series = std::span<const RemoteSeries>;

  bool Negotiate();
  void Deliver(Series series, bool end);
  void Refused(Series series, bool end, const HttpResponse& answer);
  // The store's answer, after answers that say "later"; nothing if none came in time.
  std::optional<HttpResponse> Post(const std::string& request, RemoteWriteVersion version);
  Result<HttpResponse> PostOnce(const std::string& body, RemoteWriteVersion version);
  void CompareClocks(const HttpResponse& answer, std::int64_t sent_ms);
  std::int64_t LocalMs() const { return clock_.WallNanos() / 1'000'000; }
  std::int64_t StoreMs() const { return LocalMs() + ahead_ms_; }
  // False when the deadline comes first, or Cancel.
  bool Pause(std::chrono::milliseconds time) EXCLUDES(mutex_);

  Clock& clock_;
  const std::string url_;
  AccessClient client_;
  std::string target_;  // path and query
  std::optional<RemoteWriteVersion> version_;
  std::int64_t ahead_ms_ = 0;  // the store's clock, of ours
  SteadyTime deadline_{};      // of the Send that runs
  Outcome* outcome_ = nullptr;
  bool waited_ = false;  // for a time that is later than those of a marker
  int divided_ = 0;

  Mutex mutex_;
  CondVar cancelled_changed_;
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale

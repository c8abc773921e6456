// SPDX-License-Identifier: Apache-2.0
//
// What the pipeline does, without its loop: which file is next, batches made and handed to the
// sender, answers taken back into journal and accounts. Owned by LogPipeline; all on its worker
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/function_ref.h"
#include "common/metrics/registry.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/journal/disk.h"
#include "sidecar/journal/journal.h"
#include "sidecar/loki/sender.h"
#include "sidecar/ship/accounting.h"
#include "sidecar/ship/alert_look_ahead.h"
#include "sidecar/ship/backlog.h"
#include "sidecar/ship/batch_builder.h"
#include "sidecar/ship/in_flight.h"
#include "sidecar/ship/log_metrics.h"
#include "sidecar/ship/log_pipeline.h"
#include "sidecar/ship/stage_failures.h"

namespace telltale {

class LogWorker final : private FileHistory {
 public:
  static constexpr std::chrono::seconds kRetryRead{1};

  enum class Mode {
    kNormal,  // a batch when it is full or its oldest line has waited
    kFlush,   // whatever has complete lines
    kDrain,   // unfinished lines, too
  };

  LogWorker(const std::string& state_dir, Registry& registry, Clock& clock, Sender& sender,
            Disk& journal_disk = RealDisk());

  // Reads the journal.
  void Open();
  void Configure(std::vector<LogSource> sources, const LogPipelineOptions& options);

  int events_fd() const { return files_.fd(); }
  void HandleEvents() { files_.HandleEvents(); }
  // When HandleEvents has to be called even if there are no events.
  std::optional<SteadyTime> NextLook() const { return files_.NextLook(); }
  void Sweep();

  // Makes and submits batches until enough are on their way or nothing is due.
  void Work(Mode mode);
  void Answered(const PushResult& result);

  bool Full() const { return in_flight_.Full(); }
  // Right after Work: nothing is in flight, and nothing was due.
  bool Idle() const { return in_flight_.empty(); }
  bool Shipping() const { return shipping_; }
  // Of files with something unread that was seen at least `age` ago.
  std::set<std::string> Behind(std::chrono::nanoseconds age) const;
  // Of the youngest open file of that path.
  std::optional<std::uint64_t> Acked(const std::string& path) const;
  // When Work or Sync has something to do if nothing happens before.
  std::optional<SteadyTime> NextDue() const;
  void Sync(bool now = false) { journal_.Sync(now); }

 private:
  // Of FileHistory, over the journal.
  bool Recall(TailedFile& file) override;
  void Begin(TailedFile& file) override;
  bool Resume(TailedFile& file, std::uint64_t file_id) override;
  void Fingerprinted(const TailedFile& file) override;
  void Truncated(TailedFile& file, std::uint64_t unread) override;
  void Moved(const TailedFile& file, std::uint64_t missing) override;
  void Lost(TailedFile& file, std::string_view reason) override;
  void Closed(const TailedFile& file, CloseReason reason) override;
  void Gone(std::uint64_t file_id) override;
  void VanishedUnread(const std::string& path) override;
  std::vector<KnownGeneration> Known(const std::string& directory) const override;
  std::vector<KnownGeneration> Missing() const override;
  std::int64_t last_scan() const override;

  KnownGeneration GenerationOf(const FileRecord& record) const;
  void Continue(TailedFile& file, const FileRecord& record);
  void CountVanished();
  void CountMissing();

  void PassOnCarried();

  TailedFile* NextGeneration(const std::string& path, std::uint64_t file_id) const;
  bool HasYounger(const TailedFile& file) const;
  bool CarriesOver(const TailedFile& file) const;
  bool EndWaits(const TailedFile& file, Mode mode) const;
  // A file that may be read now.
  struct Turn {
    std::uint64_t file_id = 0;
    SteadyTime since{};   // its oldest unread byte was seen
    bool urgent = false;  // it waits for no round
  };
  std::vector<Turn> Turns(Mode mode) const;
  SteadyTime RoundDue(const std::vector<Turn>& turns) const;
  bool BuildRound(Mode mode, bool& skipped);
  SteadyTime EndsAt(const TailedFile& file) const;
  SteadyTime LastWordsAt(const TailedFile& file) const;
  bool Unfinished(const TailedFile& file, Mode mode) const;
  static bool ChangedSinceRefresh(const TailedFile& file);
  bool Readable(const TailedFile& file, Mode mode) const;
  bool Urgent(const TailedFile& file) const;
  void BuildNext(TailedFile& file, Mode mode);
  void Replay(TailedFile& file);
  void RefillWanted();
  SteadyTime BlocksEndAt(const TailedFile& file) const;
  void Requeue(TailedFile& file);
  void ReadFailed(TailedFile& file, const Error& error);
  static void LeaveOutStored(Batch& batch);
  void Submit(TailedFile& file, Batch batch, bool replayed);
  void MoveOn(TailedFile& file, const Batch& batch);
  std::uint64_t LoseReplays(TailedFile& file);
  void CountLost(const BatchRecord& record);
  const OwnerAccounts& OwnersOf(const std::string& path) const;
  void LoseUnread(const std::string& path, std::string_view reason, const LineCount& count);
  void UpdateGauges();

  Clock& clock_;
  Sender& sender_;
  std::shared_ptr<Accounting> accounting_;
  Counter& read_errors_;
  Backlog backlog_;
  Journal journal_;
  FileSet files_;
  BatchBuilder builder_;
  LogMetrics metrics_;
  AlertLookAhead alerts_;
  StageFailures stage_failures_;
  LogPipelineOptions options_;
  bool shipping_ = false;  // there is somewhere to send to
  bool used_ = false;      // the builder, since the last sweep
  bool rested_ = true;     // memory was given back since then
  InFlight in_flight_;
  std::vector<std::shared_ptr<const LogSource>> sources_;  // as FileSet counts them
  std::vector<OwnerAccounts> owners_;                      // of each of sources_
  SteadyTime next_tally_{};                                // of the owners' gauges
  bool many_tenants_ = false;
  std::vector<std::uint64_t> wanted_;  // batches to be made again, by sequence
  // A round sends what is unread of all files, so that they share pushes. One begins batch_wait
  // after the last, or when there is enough for a push.
  bool round_ = false;
  SteadyTime round_began_{};
  // Times of a path, whose generations are one stream (nanoseconds). What is in flight of it spans
  // no more than BatchBuilder::kMostTime: an older batch that is sent again after a kill would be
  // too far behind the younger ones.
  struct PathTimes {
    std::int64_t last = 0;   // that was assigned
    std::int64_t front = 0;  // the newest of a line in this life
    std::int64_t until = 0;  // a line beyond waits until nothing is in flight
    int in_flight = 0;       // batches
  };
  void Settled(const std::string& path);
  std::map<std::string, PathTimes> path_times_;
  // Batches of an earlier process that must be sent again before anything else of their file.
  std::map<std::uint64_t, std::deque<BatchRecord>> replays_;  // by file_id
  // Of files that are gone: up to where their batches are counted as lost.
  std::map<std::uint64_t, std::uint64_t> vanished_;  // by file_id
};

}  // namespace telltale

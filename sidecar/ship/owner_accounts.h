// SPDX-License-Identifier: Apache-2.0
//
// What became of the lines of each owner of log sources (LogOwner): of a MonitoringTarget, and with
// a node agent of each of its pods. The first kMax owners have an account of their own, the others
// share one. An account goes with its owner, as soon as nothing of it is in flight. Owned by
// Accounting, under its lock; plain values else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/discover/file_counts.h"
#include "sidecar/loki/line_count.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

// How it is with an owner's files now.
struct OwnerGauges {
  FileCounts files;
  std::uint64_t unread_bytes = 0;
  std::int64_t oldest = 0;  // wall time when the oldest line that is not acknowledged was seen

  void NoteOldest(std::int64_t wall) {
    if (wall != 0 && (oldest == 0 || wall < oldest)) oldest = wall;
  }
};

// read = acked + pending + dropped + lost, in lines and bytes.
struct OwnerAccount {
  // The name under which owners beyond kMax are counted.
  static constexpr const char* kOthers = "(others)";

  LogOwner owner;
  bool wanted = true;  // a source has this owner
  LineCount read = {}, acked = {}, pending = {}, dropped = {};
  Losses lost = {};
  // Lines that a stage could not work on, by stage and reason.
  std::map<std::pair<std::string, std::string>, std::uint64_t> stage_failures = {};
  OwnerGauges gauges = {};

  void Read(const LineCount& lines, std::uint64_t cut_bytes, const Losses& left_out);
  void LostUnread(std::string_view reason, const LineCount& lines);
  void Answered(const LineCount& arrived, const Losses& refused);
  void StagesFailed(const std::vector<StageFailure>& failures);
};

// The accounts of a source's owners. Kept with a batch, so that its answer is counted where its
// lines were, whatever is configured meanwhile.
using OwnerAccounts = std::vector<std::shared_ptr<OwnerAccount>>;

class OwnerBook {
 public:
  static constexpr std::size_t kMax = 500;

  // The accounts of each source's owners, in the order of `sources`.
  std::vector<OwnerAccounts> Assign(const std::vector<LogSource>& sources);
  // Removes the accounts of owners that are gone.
  void DropGone();

  const std::map<LogOwner, std::shared_ptr<OwnerAccount>>& accounts() const { return accounts_; }
  std::size_t sharing() const { return sharing_; }  // owners without an account of their own

 private:
  bool MakeRoom();

  std::map<LogOwner, std::shared_ptr<OwnerAccount>> accounts_;
  std::size_t sharing_ = 0;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/owner_tally.h"

#include <algorithm>

namespace telltale {

Accounting::GaugesByOwner TallyOwners(const FileSet& files, const InFlight& in_flight,
                                      const std::vector<OwnerAccounts>& owners) {
  Accounting::GaugesByOwner tally;
  const auto has_none = [](const OwnerAccounts& accounts) { return accounts.empty(); };
  if (std::ranges::all_of(owners, has_none) && in_flight.empty()) return tally;
  const std::vector<FileCounts> counts = files.CountsBySource();
  for (std::size_t i = 0; i < owners.size(); ++i) {
    for (const auto& owner : owners[i]) tally[owner].files += counts[i];
  }
  for (const auto& [file_id, file] : files.files()) {
    const bool line = file->unread() && file->info.size > file->searched;  // else a part of one
    const std::uint64_t carried = file->checkpoint.offset == 0 ? BytesOf(file->carried_partial) : 0;
    const std::uint64_t unread = file->unread() ? file->info.size - file->checkpoint.offset : 0;
    for (const auto& owner : owners[file->source]) {
      OwnerGauges& gauges = tally[owner];
      gauges.unread_bytes += unread + carried;
      if (line) gauges.NoteOldest(file->arrival_times.WallAt(file->checkpoint.offset));
    }
  }
  for (const auto& [sequence, batch] : in_flight.batches()) {
    for (const auto& owner : batch.owners) tally[owner].NoteOldest(batch.first_seen);
  }
  return tally;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// How it is with the files of each owner of log sources: how many there are, what is not read, and
// how old the oldest line is that was not acknowledged. Looks at every open file, so it is made
// once a second at most. Called by LogWorker, on its thread.
#pragma once

#include <vector>

#include "sidecar/discover/file_set.h"
#include "sidecar/ship/accounting.h"
#include "sidecar/ship/in_flight.h"

namespace telltale {

// `owners`: the accounts of each of the file set's sources.
Accounting::GaugesByOwner TallyOwners(const FileSet& files, const InFlight& in_flight,
                                      const std::vector<OwnerAccounts>& owners);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Oracles over the server's access log: no request storm, no list without a reason, rest at rest.
#pragma once

#include <chrono>
#include <vector>

#include "tests/faults/operator/sim_server.h"

namespace telltale::faults {

// In any 60 s, of one process and collection: at most kBurst requests, and two more for each stream
// that was of use (it brought an event or lasted a second). kBurst is what the backoff of client-go
// (0.8 s, doubled up to 30 s) can try in a minute, and pages.
// And over the whole run: whole lists (LIST or the initial events of a watch) at most one for the
// first sync, for each answer that entitles to one (Seen::relist), and for each restore of the
// server.
void ExpectNoStorm(const std::vector<Seen>& log, int restores);

// From `first` on, during `rest`: watches end at their timeout and are opened again, and now and
// then somebody looks whether the server went back in time; nothing is listed in whole or written.
void ExpectCalm(const std::vector<Seen>& log, std::size_t first, std::chrono::seconds rest);

}  // namespace telltale::faults

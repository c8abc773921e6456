// SPDX-License-Identifier: Apache-2.0
//
// Signals of a program that ends in order: they are blocked in all threads and waited for in one
// place. Call it in main, before any thread starts.
#pragma once

#include <signal.h>

#include <initializer_list>

namespace telltale {

// Blocks `signals` in this thread and in all threads it starts later, and ignores SIGPIPE: a peer
// that closes a connection is an error of write(). Returns the set, for sigwait or signalfd.
sigset_t BlockSignals(std::initializer_list<int> signals = {SIGTERM, SIGINT});

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// For a program that has worked and will rest: what it needs no more is no longer resident. Called
// by the sidecar after a configuration and after a burst of lines. Thread-safe; takes less than a
// millisecond, and as much again when the work goes on.
#pragma once

namespace telltale {

// Free memory goes back to the kernel, and so do the pages of the program's own code, which are
// read again from the page cache when they run: what only the start needed never is.
void GiveBackMemory();

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Holds what Loki has against what was written. Called by plans, simulated and real, and for any
// program that ships logs, not only for ours. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/logs/log_files.h"

namespace telltale::faults {

struct DeliveredLine {
  std::int64_t time = 0;
  std::string text;
};
// By the labels filename and stream.
using Delivered = std::map<std::pair<std::string, std::string>, std::vector<DeliveredLine>>;

struct Verdict {
  std::uint64_t missing = 0;  // lines that should be there
  std::uint64_t doubled = 0, misplaced = 0, wrong = 0;
  // Of lines that were at risk and are not there.
  std::uint64_t lost_lines = 0, lost_bytes = 0, known_lost_bytes = 0;
  // Of these, lines of a closed file that was deleted before it could be opened again.
  std::uint64_t unseen_lines = 0;
  // Of lines that were at risk and arrived.
  std::uint64_t saved_bytes = 0;
  std::vector<std::string> problems;  // the first few, in words

  bool complete() const { return missing == 0; }
  std::string Text() const;
};

// `delivered` in the order to be judged: of arrival or of time.
Verdict Judge(const std::vector<const ExpectedStream*>& expected, const Delivered& delivered);

// By time, those of one time as they stand.
Delivered ByTime(Delivered delivered);

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
//
// What the writer and the reader of the journal's records agree on. Internal to journal_record.h.
//   record = crc32 length type payload; the CRC covers length, type and payload.
#pragma once

#include <cstddef>

namespace telltale::journal {

enum Type : char {
  kFile = 'F',
  kBatch = 'B',
  kAck = 'A',
  kForget = 'X',
  kCarryOver = 'H',
  kSeries = 'M',
  kAbandon = 'L',
  kLooked = 'T'
};

inline constexpr std::size_t kFrame = 9;  // crc, length, type
inline constexpr std::size_t kMaxPayload = 1 << 20;

}  // namespace telltale::journal

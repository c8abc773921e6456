// SPDX-License-Identifier: Apache-2.0
//
// What the writer and the reader of the journal's records agree on. Internal to journal_record.h.
//   record = crc32 length type payload; the CRC covers length, type and payload.
//
// Versions up to commit ded514a stop at a record type that they do not know, and lose what follows
// it. So that they can still read a newer journal, a new kind of record is an extension: the
// abandoning of batch 0, which never exists, followed by the new type and its payload. Older
// versions ignore fields behind those they know.
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
  kScan = 'T',

  // Inside of an extension record.
  kAckPart = 'P'
};

inline constexpr std::size_t kFrame = 9;  // crc, length, type
inline constexpr std::size_t kMaxPayload = 1 << 20;

}  // namespace telltale::journal

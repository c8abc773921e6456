// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's journal after whatever happened to the disk, or by a sidecar of another version.
// Checksums are put right here, so that the fields behind them are reached, too. What was
// understood comes through a rewrite unchanged.
#include <algorithm>
#include <string>

#include "common/base/check.h"
#include "sidecar/journal/journal_record.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kFrame = 9;  // crc, length, type

std::string WithChecksums(std::string_view text) {
  std::string out(kJournalMagic);
  if (text.starts_with(kJournalMagic)) text.remove_prefix(kJournalMagic.size());
  while (text.size() >= kFrame) {
    // One byte of the length is enough, and leaves more of the others to be records.
    const std::size_t length =
        std::min<std::size_t>(static_cast<unsigned char>(text[4]), text.size() - kFrame);
    std::string covered{static_cast<char>(length), 0, 0, 0};
    covered.append(text.substr(8, 1 + length));
    const std::uint32_t crc = Crc32(covered);
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(crc >> shift & 0xff);
    out += covered;
    text.remove_prefix(kFrame + length);
  }
  return out;
}

JournalState Reread(const JournalState& state) {
  const std::string text = FormatJournal(state);
  std::size_t used = 0;
  JournalState again = ParseJournal(text, used);
  TELLTALE_CHECK(used == text.size());
  TELLTALE_CHECK(again.files.size() == state.files.size());
  TELLTALE_CHECK(again.in_flight.size() == state.in_flight.size());
  return again;
}

}  // namespace

void FuzzOne(std::string_view text) {
  std::size_t used = 0;
  Reread(ParseJournal(text, used));
  TELLTALE_CHECK(used <= text.size());
  // The first rewrite may bring batches into the order of their numbers; the second changes
  // nothing.
  const JournalState state = Reread(ParseJournal(WithChecksums(text), used));
  TELLTALE_CHECK(FormatJournal(Reread(state)) == FormatJournal(state));
}

}  // namespace telltale

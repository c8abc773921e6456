// SPDX-License-Identifier: Apache-2.0
// LogFiles, third part: what only wide plans do to files.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "common/base/check.h"
#include "tests/faults/logs/log_files.h"

namespace telltale::faults {

// Whether it is clear what is sent of half a line, and of its rest.
bool LogFiles::Tearable(const Writer& writer) {
  return !writer.half_line.huge &&
         writer.half_line.text.find_first_of("\xC3\xE2\xEF\xF0") == std::string::npos;
}

void LogFiles::LeaveHalves() {
  for (Writer& writer : writers_) {
    if (!writer.half) continue;
    if (Tearable(writer)) {
      writer.half_waited = true;
    } else {
      EndHalf(writer);
    }
  }
}

void LogFiles::CutOff(std::size_t index, std::uint64_t from) {
  Writer& writer = writers_[index];
  if (!writer.readable || !folder_readable_) return;
  std::uint64_t size = writer.size;
  if (writer.half) {
    // Nothing of it was sent, unless it waited.
    if (writer.half_waited || writer.half_begin + writer.half_line.bytes != writer.size) return;
    writer.half = false;
    size = writer.half_begin;
    // Where nothing was read yet a shorter file may be a truncated one, of which all is lost.
    if (writer.seen_size > size) cut_seen_bytes_ += writer.seen_size;
  } else {
    int most = random_.Between(1, 8);
    from = std::min(from, writer.seen_size);
    while (most-- > 0 && !writer.places.empty() && writer.places.back().begin >= from) {
      size = writer.places.back().begin;
      writer.out[writer.places.back().stream].lines.pop_back();
      writer.places.pop_back();
      --lines_;
    }
  }
  if (size == writer.size) return;
  writer.size = writer.room = size;
  TELLTALE_CHECK(::ftruncate(writer.fd.get(), static_cast<off_t>(size)) == 0);
  hooks_.changed(writer.fd.get(), false);
  for (std::size_t i = 0; i < writer.out.size(); ++i) {
    writer.seen[i] = std::min(writer.seen[i], writer.out[i].lines.size());
    if (writer.rested[i] != kNotRested) {
      writer.rested[i] = std::min(writer.rested[i], writer.out[i].lines.size());
    }
  }
}

void LogFiles::MakeUnreadable(std::size_t index) {
  writers_[index].readable = false;
  TELLTALE_CHECK(::fchmod(writers_[index].fd.get(), 0) == 0);
}

void LogFiles::MakeFolderUnreadable() {
  folder_readable_ = false;
  TELLTALE_CHECK(::chmod(options_.folder.c_str(), 0) == 0);
}

void LogFiles::MakeReadable() {
  TELLTALE_CHECK(::chmod(options_.folder.c_str(), 0755) == 0);
  for (const Writer& writer : writers_) TELLTALE_CHECK(::fchmod(writer.fd.get(), 0644) == 0);
}

void LogFiles::SetReadable() {
  folder_readable_ = true;
  for (Writer& writer : writers_) {
    writer.readable = true;
    writer.seen_size = writer.size;  // nobody knows better
    writer.places.clear();
  }
}

bool LogFiles::blocked() const {
  return !folder_readable_ || std::any_of(writers_.begin(), writers_.end(),
                                          [](const Writer& writer) { return !writer.readable; });
}

}  // namespace telltale::faults

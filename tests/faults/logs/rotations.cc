// SPDX-License-Identifier: Apache-2.0
// LogFiles, second part: what is done to files that are full.
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/base/check.h"
#include "common/base/log.h"
#include "tests/faults/logs/log_files.h"

namespace telltale::faults {

void LogFiles::Rename(const std::string& from, const std::string& to) {
  TELLTALE_CHECK(std::rename(from.c_str(), to.c_str()) == 0);
  hooks_.renamed(options_.folder);
}

void LogFiles::Remove(const std::string& path) {
  ::unlink(path.c_str());
  hooks_.renamed(options_.folder);
}

void LogFiles::NewGeneration(Writer& writer) {
  for (std::size_t i = 0; i < writer.out.size(); ++i) {
    writer.begin[i] = writer.out[i].lines.size();
  }
  writer.size = writer.seen_size = writer.room = 0;
  writer.places.clear();
}

void LogFiles::Create(Writer& writer) {
  const int append = options_.laid_out ? 0 : O_APPEND;
  writer.fd = UniqueFd(::open(writer.path.c_str(), O_WRONLY | O_CREAT | append | O_CLOEXEC, 0644));
  TELLTALE_CHECK(writer.fd.get() >= 0);
  hooks_.changed(writer.fd.get(), true);
  hooks_.renamed(options_.folder);
  NewGeneration(writer);
  writer.rested.assign(writer.out.size(), kNotRested);
  writer.last_change = hooks_.now();
  writer.looked = false;
  ++writer.files;
  if (options_.rotation == Rotation::kSameStart && !options_.cri) {
    const std::uint64_t number = options_.distinct ? writer.number++ : 0;
    WriteLine(writer, LogLines::Banner(writer.name, number), 0, false);
  }
}

std::string LogFiles::MoveAside(Writer& writer) {
  std::string name;
  if (dated_) {
    std::string stamp = LogLines::Stamp(hooks_.now()).substr(0, 19);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    std::replace(stamp.begin(), stamp.end(), 'T', '-');
    char count[16];
    std::snprintf(count, sizeof(count), "-%04d", ++stamps_);
    name = writer.path + "." + stamp + count;
  } else {
    for (std::size_t i = 0; i < writer.rotated.size(); ++i) {
      std::string& file = writer.rotated[i];
      std::string next = writer.path + "." + std::to_string(writer.rotated.size() - i + 1);
      if (file.ends_with(".gz")) next += ".gz";
      Rename(file, next);
      file = next;
    }
    name = writer.path + ".1";
  }
  writer.rotated.push_back(name);
  LogInfo("plan", {{"rotated", name}, {"size", writer.size}, {"next_line", writer.number}});
  return name;
}

// The rest of half a line that nobody will write: what there is of it is a line.
void LogFiles::AbandonHalf(Writer& writer) {
  writer.half = false;
  ExpectedLine& line = writer.half_line;
  const std::string& rest = writer.half_rest.front();
  // Only where the text that is missing is all that the expected text lacks.
  const std::size_t missing = rest.size() - (rest.ends_with("\r\n") ? 2 : 1);
  line.text.resize(line.text.size() - missing);
  line.unended = true;
  // It is no JSON then.
  const std::size_t stream = options_.json ? writer.out.size() - 1 : writer.half_stream;
  writer.out[stream].lines.push_back(std::move(line));
  writer.places.clear();
  ++lines_;
}

// Nobody writes to it any more. What was laid out and not filled is cut off, or stays and is one
// empty line.
void LogFiles::Seal(Writer& writer, bool cut) {
  if (!options_.laid_out || writer.room == writer.size) return;
  if (random_.Chance(0.7) || cut || writer.size == 0 || options_.cri || writer.half) {
    TELLTALE_CHECK(::ftruncate(writer.fd.get(), static_cast<off_t>(writer.size)) == 0);
    hooks_.changed(writer.fd.get(), false);
    return;
  }
  ExpectedLine empty;
  empty.risk = ExpectedLine::Risk::kUnknown;
  empty.unended = true;
  writer.out.back().lines.push_back(std::move(empty));
}

void LogFiles::RenameAndCreate(Writer& writer) {
  const std::string name = MoveAside(writer);
  Rename(writer.path, name);
  // Between the rename and the new file the old one is written to.
  if (random_.Chance(0.5)) {
    if (!options_.cri) EndHalf(writer);
    if (!writer.half) {
      const LogText text = texts_.Make(writer.name, writer.number++);
      WriteLine(writer, text, PickStream(), false);
    }
  }
  bool abandoned = false;
  if (writer.half && !options_.cri) {
    // A process that died within its line leaves it so, if it was plain text.
    const bool plain = writer.half_line.text.find('\xEF') == std::string::npos &&
                       writer.half_line.text.find_first_of("\xC3\xE2\xF0") == std::string::npos;
    abandoned = plain && !writer.half_line.huge;
    if (abandoned) {
      AbandonHalf(writer);
    } else {
      EndHalf(writer);
    }
  }
  Seal(writer, abandoned);
  Create(writer);
  EndHalf(writer);  // parts of a CRI line go on in the next file
}

void LogFiles::Truncate(Writer& writer, bool regrow, bool copied) {
  const std::uint64_t before = writer.size;
  if (!copied) {
    for (std::size_t i = 0; i < writer.out.size(); ++i) {
      auto& lines = writer.out[i].lines;
      for (std::size_t at = writer.begin[i]; at < lines.size(); ++at) {
        const bool known = up_ && at < writer.seen[i];
        lines[at].risk = known ? ExpectedLine::Risk::kKnown : ExpectedLine::Risk::kUnknown;
      }
    }
  }
  TELLTALE_CHECK(::ftruncate(writer.fd.get(), 0) == 0);
  hooks_.changed(writer.fd.get(), false);
  NewGeneration(writer);
  while (regrow && writer.size <= before) {
    const LogText text = texts_.Make(writer.name, writer.number++);
    WriteLine(writer, text, PickStream(), false);
  }
}

void LogFiles::CopyAndTruncate(Writer& writer, bool regrow) {
  const std::string name = MoveAside(writer);
  auto text = ReadFile(writer.path, 64u << 20);
  TELLTALE_CHECK(text.ok());
  const UniqueFd copy(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  TELLTALE_CHECK(::write(copy.get(), text->data(), text->size()) ==
                 static_cast<ssize_t>(text->size()));
  hooks_.changed(copy.get(), true);
  hooks_.renamed(options_.folder);
  Truncate(writer, regrow, true);
  EndHalf(writer);
}

void LogFiles::Flip(Writer& writer) {
  const std::string target =
      writer.path.substr(0, writer.path.size() - 4) + "." + std::to_string(++writer.files) + ".dat";
  writer.fd = UniqueFd(::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  hooks_.changed(writer.fd.get(), true);
  const std::string link = writer.path + ".new";
  TELLTALE_CHECK(::symlink(target.c_str(), link.c_str()) == 0);
  Rename(link, writer.path);
  NewGeneration(writer);
  writer.looked = false;
}

void LogFiles::Delete(Writer& writer) {
  bool unseen = false;
  for (std::size_t i = 0; i < writer.out.size(); ++i) {
    auto& lines = writer.out[i].lines;
    for (std::size_t at = writer.begin[i]; at < lines.size(); ++at) {
      lines[at].deleted = true;
      lines[at].unseen = at >= writer.rested[i];
      unseen = unseen || lines[at].unseen;
      if (lines[at].unseen) lines[at].risk = ExpectedLine::Risk::kUnknown;
      if (!up_ || !writer.looked) lines[at].risk = ExpectedLine::Risk::kUnknown;
    }
  }
  if (unseen) ++unseen_deletes_;
  Remove(writer.path);
  Create(writer);
}

void LogFiles::CompressRotated(Writer& writer) {
  for (std::string& file : writer.rotated) {
    if (file.ends_with(".gz")) continue;
    auto text = ReadFile(file, 64u << 20);
    TELLTALE_CHECK(text.ok());
    const std::string temporary = file + ".tmp";
    gzFile out = gzopen(temporary.c_str(), "wb1");
    TELLTALE_CHECK(gzwrite(out, text->data(), static_cast<unsigned>(text->size())) ==
                   static_cast<int>(text->size()));
    gzclose(out);
    const UniqueFd fd(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    hooks_.changed(fd.get(), true);
    Rename(temporary, file + ".gz");
    Remove(file);
    file += ".gz";
  }
}

void LogFiles::DeleteRotated(std::size_t index) {
  Writer& writer = writers_[index];
  for (const std::string& file : writer.rotated) Remove(file);
  writer.rotated.clear();
}

void LogFiles::Rotate(std::size_t index, Rotation rotation) {
  Writer& writer = writers_[index];
  if (!writer.readable || !folder_readable_) return;
  LogInfo("plan", {{"rotates", writer.path}, {"half", writer.half}});
  // Nothing but the copy would tell of what it was when nobody has looked at either.
  if (writer.copied && options_.rotation == Rotation::kMixed && rotation != Rotation::kMixed)
    return;
  switch (rotation) {
    case Rotation::kNone:
    case Rotation::kCount:
      return;
    case Rotation::kDoubleRename:
      RenameAndCreate(writer);
      {
        const LogText text = texts_.Make(writer.name, writer.number++);
        WriteLine(writer, text, PickStream(), false);
      }
      RenameAndCreate(writer);
      return;
    case Rotation::kRename:
    case Rotation::kSameStart:
      return RenameAndCreate(writer);
    case Rotation::kRenameBack: {
      const std::string name = writer.path + ".20200101-000000";
      Rename(writer.path, name);
      if (!writer.half && random_.Chance(0.5)) Write(index, 2);
      return Rename(name, writer.path);
    }
    case Rotation::kKubelet:
      CompressRotated(writer);
      return RenameAndCreate(writer);
    case Rotation::kCopyTruncate:
    case Rotation::kCopyRegrow:
      if (!options_.cri || rotation == Rotation::kCopyRegrow) EndHalf(writer);
      // Twice before anybody can look leaves a copy that nothing tells from an old one.
      if (std::exchange(writer.copied, true)) return;
      return CopyAndTruncate(writer, rotation == Rotation::kCopyRegrow);
    case Rotation::kTruncate:
    case Rotation::kTruncateRegrow:
      EndHalf(writer);
      return Truncate(writer, rotation == Rotation::kTruncateRegrow, false);
    case Rotation::kSymlinkFlip:
      EndHalf(writer);
      if (!up_ || !writer.looked) return;  // nobody could know of the file in between
      return Flip(writer);
    case Rotation::kDelete:
      EndHalf(writer);
      if (!up_ || !writer.looked) return;
      return Delete(writer);
    case Rotation::kInodeReuse: {
      EndHalf(writer);
      DeleteRotated(index);
      writer.fd = UniqueFd();
      Remove(writer.path);
      return Create(writer);
    }
    case Rotation::kMixed: {
      constexpr std::array<Rotation, 6> kKinds{Rotation::kRename,       Rotation::kDoubleRename,
                                               Rotation::kRenameBack,   Rotation::kKubelet,
                                               Rotation::kCopyTruncate, Rotation::kRename};
      return Rotate(index, kKinds[random_.Below(kKinds.size())]);
    }
  }
}

}  // namespace telltale::faults

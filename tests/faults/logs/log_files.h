// SPDX-License-Identifier: Apache-2.0
//
// The applications of a plan: they write lines into log files of a folder and rotate these in every
// way that is known, and it is written down what Loki must hold in the end. Each writer has one
// path; a CRI writer has two streams. Driven by a plan, one thread.
//
// A line is `at risk` when what happened to its file may have taken it away before anybody could
// read it. Of those the sidecar must report what it had seen, and may not know of the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "tests/faults/logs/log_lines.h"

namespace telltale::faults {

enum class Rotation {
  kNone,            // the file grows
  kRename,          // to .1 or a date, and a new one
  kDoubleRename,    // twice before anybody can look
  kRenameBack,      // away and back, as kubelet does when the runtime fails
  kKubelet,         // the older ones are compressed and unlinked, then rename
  kCopyTruncate,    // logrotate's
  kCopyRegrow,      // the same, and past the old size before anybody can look
  kTruncate,        // without a copy: what was not read is lost
  kTruncateRegrow,  // ... and past the old size
  kSymlinkFlip,     // the path is a link
  kDelete,          // and made anew, while it is open
  kInodeReuse,      // after everything was delivered, while the sidecar is down
  kSameStart,       // kRename; the files begin with the same 300 bytes
  kMixed,           // a scheme of renaming or of copying, another one each time
  kCount,
};
std::string_view RotationName(Rotation rotation);
bool Truncates(Rotation rotation);

struct ExpectedLine {
  enum class Risk { kNone, kKnown, kUnknown };
  std::string text;
  std::uint64_t bytes = 0;  // of the files
  bool huge = false;        // what Loki has is the start of `text`
  Risk risk = Risk::kNone;
  bool deleted = false;  // its file has no name any more
  bool unseen = false;   // deleted at once, after its file had rested so long that it was closed
  bool unended = false;  // the last of its file, without an end: it waits for one, out of turn
  // It may come as two: the text up to here was silent for so long, or was there at an orderly end.
  std::size_t torn_at = 0;
  bool reported = false;  // the sidecar has had the chance to see that it is gone
};

struct ExpectedStream {
  std::string filename, stream;  // labels; `stream` empty for plain lines
  std::vector<ExpectedLine> lines;
};

class LogFiles {
 public:
  struct Hooks {
    std::function<std::int64_t()> now;                       // wall time
    std::function<void(int fd, bool created)> changed;       // a file
    std::function<void(const std::string& folder)> renamed;  // something in it
  };
  struct Options {
    std::string folder;
    std::uint64_t seed = 0;
    std::size_t writers = 1;
    bool cri = false;
    Rotation rotation = Rotation::kNone;
    bool distinct = false;  // no line is written twice: who may get some twice can tell which
    bool odd_names = false;
    bool json = false;      // lines are objects, which name one of a hundred streams
    bool laid_out = false;  // files are longer than what is written to them
    LineTraits traits;
  };

  LogFiles(const Options& options, Hooks hooks);

  std::size_t writers() const { return writers_.size(); }
  // It was copied and truncated, and nobody has looked since.
  bool copied(std::size_t writer) const { return writers_[writer].copied; }
  std::string include() const { return options_.folder + "/*.log"; }
  bool cri() const { return options_.cri; }

  void Write(std::size_t writer, int lines);
  // A line is begun, and ended by the next write or whatever else happens to the file.
  void WriteHalf(std::size_t writer);
  void EndHalves();
  // They have waited for so long that they may be sent. Those of which it would not be clear how
  // they look then are ended.
  void LeaveHalves();
  // The end of the file is cut off, up to its line that begins at `from` or behind; only what
  // nobody has seen without it. Lines that are cut off are not expected.
  void CutOff(std::size_t writer, std::uint64_t from = UINT64_MAX);
  std::uint64_t size(std::size_t writer) const { return writers_[writer].size; }
  // With what is laid out and not filled.
  std::uint64_t size_on_disk(std::size_t writer) const {
    return std::max(writers_[writer].size, writers_[writer].room);
  }
  const std::string& filename(std::size_t writer) const { return writers_[writer].filename; }
  // While it may not be read nobody has looked, and it is not rotated.
  void MakeUnreadable(std::size_t writer);
  void MakeFolderUnreadable();
  // Of everything; until SetReadable somebody may not have found out.
  void MakeReadable();
  void SetReadable();
  bool blocked() const;
  void Rotate(std::size_t writer, Rotation rotation);
  // A file that nobody can have seen: its lines are not expected.
  void AppearAndVanish();

  // The sidecar has seen the sizes of all files.
  void Looked();
  // It has ended: it holds no descriptor, and what it had only seen it forgets.
  void SidecarEnded();
  bool sidecar_up() const { return up_; }
  // Deletes also what is rotated and read, as space would be made; only while all is delivered.
  void DeleteRotated(std::size_t writer);

  std::vector<const ExpectedStream*> streams() const;
  std::uint64_t lines() const { return lines_; }
  // Files that were deleted with lines that nobody can have seen, because the file had rested.
  std::uint64_t unseen_deletes() const { return unseen_deletes_; }
  // Of files whose seen end was cut off.
  std::uint64_t cut_seen_bytes() const { return cut_seen_bytes_; }

 private:
  static constexpr std::size_t kNotRested = static_cast<std::size_t>(-1);
  using PerStream = std::vector<std::size_t>;

  struct Writer {
    std::string name, path, filename;  // of lines, of the file, of the label
    std::uint64_t number = 0;
    UniqueFd fd;
    std::uint64_t size = 0;            // of the current file
    std::vector<std::string> rotated;  // oldest first
    // Plain: one. CRI: two. JSON: a hundred, and one for lines that are no JSON.
    std::vector<ExpectedStream> out;
    PerStream begin, seen;  // first line of the current file; lines seen
    struct Place {
      std::size_t stream;
      std::uint64_t begin;
    };
    std::vector<Place> places;    // of the current file's complete lines, as far as in turn
    std::uint64_t seen_size = 0;  // when somebody looked last
    std::uint64_t room = 0;       // how long it was laid out
    bool readable = true;
    std::int64_t last_time = 0;
    bool looked = false;  // since the current file was made
    // The first lines, by stream, written since it may have been closed because it rested; and when
    // it was written to last.
    PerStream rested;
    std::int64_t last_change = 0;
    bool copied = false;  // and truncated, and nobody looked since
    int files = 0;
    // The half line, if there is one.
    bool half = false;
    bool half_waited = false;  // for so long that it may be sent
    std::size_t half_stream = 0;
    std::uint64_t half_begin = 0;
    ExpectedLine half_line;
    std::vector<std::string> half_rest;  // of CRI: parts; of plain: one text with the line end
  };

  void Append(Writer& writer, const std::string& bytes);
  void WriteLine(Writer& writer, const LogText& text, std::size_t stream, bool half);
  static bool Tearable(const Writer& writer);
  std::size_t PickStream();
  void LayOut(Writer& writer);
  void Seal(Writer& writer, bool cut);
  std::string CriPart(Writer& writer, std::size_t stream, const std::string& text, bool full);
  void EndHalf(Writer& writer);
  void AbandonHalf(Writer& writer);
  void Create(Writer& writer);
  std::string MoveAside(Writer& writer);  // makes room for a rotated file; its name
  void RenameAndCreate(Writer& writer);
  void CopyAndTruncate(Writer& writer, bool regrow);
  void Truncate(Writer& writer, bool regrow, bool copied);
  void Flip(Writer& writer);
  void Delete(Writer& writer);
  void CompressRotated(Writer& writer);
  void Rename(const std::string& from, const std::string& to);
  void Remove(const std::string& path);
  void NewGeneration(Writer& writer);

  Options options_;
  Hooks hooks_;
  Seeded random_;
  LogLines texts_;
  bool dated_, up_ = false, folder_readable_ = true;
  std::uint64_t lines_ = 0, unseen_deletes_ = 0, cut_seen_bytes_ = 0;
  int stamps_ = 0;
  std::vector<Writer> writers_;
};

}  // namespace telltale::faults

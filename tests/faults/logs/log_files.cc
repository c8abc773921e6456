// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace telltale::faults {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Rotation::kCount)> kNames{
    "none",
    "rename",
    "double_rename",
    "rename_back",
    "kubelet_gzip",
    "copytruncate",
    "copytruncate_regrown",
    "truncate",
    "truncate_regrown",
    "symlink_flip",
    "delete",
    "inode_reuse",
    "same_start",
    "mixed"};

}  // namespace

std::string_view RotationName(Rotation rotation) {
  return kNames[static_cast<std::size_t>(rotation)];
}

bool Truncates(Rotation rotation) {
  return rotation == Rotation::kTruncate || rotation == Rotation::kTruncateRegrow ||
         rotation == Rotation::kCopyTruncate || rotation == Rotation::kCopyRegrow;
}

LogFiles::LogFiles(const Options& options, Hooks hooks)
    : options_(options),
      hooks_(std::move(hooks)),
      random_(options.seed, "files"),
      texts_(options.seed, options.traits),
      dated_(options.rotation == Rotation::kKubelet || random_.Chance(0.4)),
      writers_(options.writers) {
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    Writer& writer = writers_[i];
    writer.name = "w" + std::to_string(i);
    writer.path = options_.folder + "/" + writer.name + ".log";
    for (std::size_t stream = 0; stream < 2; ++stream) {
      writer.out[stream].filename = writer.path;
      if (options_.cri) writer.out[stream].stream = stream == 0 ? "stdout" : "stderr";
    }
    if (options_.rotation == Rotation::kSymlinkFlip) {
      Flip(writer);
    } else {
      Create(writer);
    }
  }
}

void LogFiles::Append(Writer& writer, const std::string& bytes) {
  TELLTALE_CHECK(::write(writer.fd.get(), bytes.data(), bytes.size()) ==
                 static_cast<ssize_t>(bytes.size()));
  writer.size += bytes.size();
  hooks_.changed(writer.fd.get(), false);
}

std::string LogFiles::CriPart(Writer& writer, std::size_t stream, const std::string& text,
                              bool full) {
  writer.last_time = std::max(hooks_.now(), writer.last_time + 1);
  return LogLines::Stamp(writer.last_time) + (stream == 0 ? " stdout " : " stderr ") +
         (full ? "F " : "P ") + text + "\n";
}

void LogFiles::WriteLine(Writer& writer, const LogText& text, std::size_t stream, bool half) {
  ExpectedLine line;
  line.text = text.expected;
  line.huge = text.huge;
  const std::string end = text.crlf ? "\r" : "";
  std::vector<std::string> pieces;
  if (!options_.cri) {
    const std::string whole = text.raw + end + "\n";
    const std::size_t cut = half ? 1 + random_.Below(text.raw.size() - 1) : 0;
    if (half) pieces.push_back(whole.substr(0, cut));
    pieces.push_back(whole.substr(cut));
  } else if (half || text.raw.size() > 1'000 || random_.Chance(0.1)) {
    pieces = texts_.Parts(text.raw);
    pieces.back() += end;
  } else {
    pieces.push_back(text.raw + end);
  }
  const std::size_t first = half ? 1 + random_.Below(pieces.size() - 1) : pieces.size();
  for (std::size_t i = 0; i < first; ++i) {
    std::string bytes = pieces[i];
    if (options_.cri) bytes = CriPart(writer, stream, bytes, i + 1 == pieces.size());
    line.bytes += bytes.size();
    Append(writer, bytes);
  }
  if (half) {
    writer.half = true;
    writer.half_stream = stream;
    writer.half_line = std::move(line);
    writer.half_rest.assign(pieces.begin() + static_cast<std::ptrdiff_t>(first), pieces.end());
    return;
  }
  writer.out[stream].lines.push_back(std::move(line));
  ++lines_;
}

void LogFiles::Write(std::size_t index, int lines) {
  Writer& writer = writers_[index];
  // Beside half a line only the other stream goes on, and not for long.
  const bool beside = writer.half && options_.cri && random_.Chance(0.5);
  if (writer.half && !beside) EndHalf(writer);
  for (int i = 0; i < (beside ? std::min(lines, 2) : lines); ++i) {
    const std::size_t stream = !options_.cri ? 0
                               : beside      ? 1 - writer.half_stream
                                             : random_.Below(2);
    LogText text = texts_.Make(writer.name, writer.number++);
    if (beside && text.raw.size() > 500) text = texts_.Banner(writer.name, writer.number);
    WriteLine(writer, text, stream, false);
  }
}

void LogFiles::WriteHalf(std::size_t index) {
  Writer& writer = writers_[index];
  if (writer.half) {
    EndHalf(writer);
    return;
  }
  WriteLine(writer, texts_.Make(writer.name, writer.number++), options_.cri ? random_.Below(2) : 0,
            true);
}

void LogFiles::EndHalf(Writer& writer) {
  if (!std::exchange(writer.half, false)) return;
  for (std::size_t i = 0; i < writer.half_rest.size(); ++i) {
    std::string bytes = writer.half_rest[i];
    if (options_.cri) {
      bytes = CriPart(writer, writer.half_stream, bytes, i + 1 == writer.half_rest.size());
    }
    writer.half_line.bytes += bytes.size();
    Append(writer, bytes);
  }
  writer.out[writer.half_stream].lines.push_back(std::move(writer.half_line));
  ++lines_;
}

void LogFiles::EndHalves() {
  for (Writer& writer : writers_) EndHalf(writer);
}

void LogFiles::AppearAndVanish() {
  const std::string path = options_.folder + "/noise.log";
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const std::string text = "noise " + std::string(random_.Below(500), 'n') + "\n";
  TELLTALE_CHECK(::write(fd.get(), text.data(), text.size()) > 0);
  hooks_.changed(fd.get(), true);
  Remove(path);
}

void LogFiles::Looked() {
  up_ = true;
  for (Writer& writer : writers_) {
    writer.looked = true;
    writer.copied = false;
    for (std::size_t i = 0; i < 2; ++i) {
      writer.seen[i] = writer.out[i].lines.size();
      for (ExpectedLine& line : writer.out[i].lines) {
        if (line.risk == ExpectedLine::Risk::kKnown) line.reported = true;
      }
    }
  }
}

void LogFiles::SidecarEnded() {
  up_ = false;
  for (Writer& writer : writers_) {
    writer.seen = {};
    writer.looked = false;
    for (ExpectedStream& stream : writer.out) {
      for (ExpectedLine& line : stream.lines) {
        if (line.deleted || (line.risk == ExpectedLine::Risk::kKnown && !line.reported)) {
          line.risk = ExpectedLine::Risk::kUnknown;
        }
      }
    }
  }
}

std::vector<const ExpectedStream*> LogFiles::streams() const {
  std::vector<const ExpectedStream*> out;
  for (const Writer& writer : writers_) {
    out.push_back(&writer.out[0]);
    if (options_.cri) out.push_back(&writer.out[1]);
  }
  return out;
}

}  // namespace telltale::faults

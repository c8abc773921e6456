// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/check.h"

namespace telltale::faults {
namespace {

constexpr std::size_t kJsonStreams = 100;
constexpr std::uint64_t kRoom = 8'192;

std::string JsonStream(std::size_t index) { return "k" + std::to_string(index); }

LogText AsJson(LogText text, std::size_t stream) {
  const std::string head = "{\"stream\":\"" + JsonStream(stream) + "\",\"text\":\"";
  for (std::string* part : {&text.raw, &text.expected}) *part = head + *part + "\"}";
  return text;
}

// The first part of a file's name, and how it stands in the label `filename`.
struct OddName {
  std::string_view raw = "w", label = "w";
};
constexpr std::string_view kLongName =
    "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-"
    "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-";
constexpr std::array<OddName, 14> kOddNames{{
    {"with some spaces", "with some spaces"},
    {" leading space ", " leading space "},
    {"-leading-dash", "-leading-dash"},
    {"br[a-z]ack{e,t}s(1)", "br[a-z]ack{e,t}s(1)"},
    {"gr\xC3\xBC\xC3\x9F-\xE6\x97\xA5\xE6\x9C\xAC", "gr\xC3\xBC\xC3\x9F-\xE6\x97\xA5\xE6\x9C\xAC"},
    {"no\xFFutf\xC3", "no\xEF\xBF\xBDutf\xEF\xBF\xBD"},
    {"line\nend", "line\nend"},
    {"quote\"back\\slash'tab\t", "quote\"back\\slash'tab\t"},
    {"*star?", "*star?"},
    {"$HOME`x`;&|<>#!~", "$HOME`x`;&|<>#!~"},
    {"%s%n%25", "%s%n%25"},
    {"app.log.1.2026-01-31.gz.", "app.log.1.2026-01-31.gz."},
    {kLongName, kLongName},
    {"\x01\x1b[31m", "\x01\x1b[31m"},
}};

// A file that rests for ten minutes is closed; a clock may have been set meanwhile.
constexpr std::int64_t kRests = 300'000'000'000;

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
  Seeded names(options.seed, "names");
  const std::size_t streams = options.cri ? 2 : options.json ? kJsonStreams + 1 : 1;
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    Writer& writer = writers_[i];
    writer.name = "w" + std::to_string(i);
    const OddName name = options.odd_names ? kOddNames[names.Below(kOddNames.size())] : OddName();
    const std::string end = std::to_string(i) + ".log";
    writer.path = options_.folder + "/" + std::string(name.raw) + end;
    writer.filename = options_.folder + "/" + std::string(name.label) + end;
    writer.out.resize(streams);
    writer.begin.resize(streams);
    writer.seen.resize(streams);
    writer.rested.assign(streams, kNotRested);
    for (std::size_t stream = 0; stream < streams; ++stream) {
      writer.out[stream].filename = writer.filename;
      if (options_.cri) writer.out[stream].stream = stream == 0 ? "stdout" : "stderr";
      if (options_.json && stream < kJsonStreams) writer.out[stream].stream = JsonStream(stream);
    }
    if (options_.rotation == Rotation::kSymlinkFlip) {
      Flip(writer);
    } else {
      Create(writer);
    }
  }
}

void LogFiles::Append(Writer& writer, const std::string& bytes) {
  const std::int64_t now = hooks_.now();
  if (now - writer.last_change >= kRests) {
    for (std::size_t i = 0; i < writer.out.size(); ++i) {
      writer.rested[i] = std::min(writer.rested[i], writer.out[i].lines.size());
    }
  }
  writer.last_change = now;
  const auto size = static_cast<ssize_t>(bytes.size());
  if (options_.laid_out) {
    // Its end moves on in steps, and the text goes on in front of it.
    while (writer.room < writer.size + bytes.size()) writer.room += kRoom;
    TELLTALE_CHECK(::ftruncate(writer.fd.get(), static_cast<off_t>(writer.room)) == 0);
    TELLTALE_CHECK(::pwrite(writer.fd.get(), bytes.data(), bytes.size(),
                            static_cast<off_t>(writer.size)) == size);
  } else {
    TELLTALE_CHECK(::write(writer.fd.get(), bytes.data(), bytes.size()) == size);
  }
  writer.size += bytes.size();
  hooks_.changed(writer.fd.get(), false);
}

std::string LogFiles::CriPart(Writer& writer, std::size_t stream, const std::string& text,
                              bool full) {
  writer.last_time = std::max(hooks_.now(), writer.last_time + 1);
  return LogLines::Stamp(writer.last_time) + (stream == 0 ? " stdout " : " stderr ") +
         (full ? "F " : "P ") + text + "\n";
}

std::size_t LogFiles::PickStream() {
  return options_.cri ? random_.Below(2) : options_.json ? random_.Below(kJsonStreams) : 0;
}

void LogFiles::WriteLine(Writer& writer, const LogText& plain, std::size_t stream, bool half) {
  const LogText text = options_.json ? AsJson(plain, stream) : plain;
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
  const std::uint64_t begin = writer.size;
  const std::size_t first = half ? 1 + random_.Below(pieces.size() - 1) : pieces.size();
  for (std::size_t i = 0; i < first; ++i) {
    std::string bytes = pieces[i];
    if (options_.cri) bytes = CriPart(writer, stream, bytes, i + 1 == pieces.size());
    line.bytes += bytes.size();
    Append(writer, bytes);
  }
  if (half) {
    writer.half = true;
    writer.half_waited = false;
    writer.half_stream = stream;
    writer.half_begin = begin;
    writer.half_line = std::move(line);
    writer.half_rest.assign(pieces.begin() + static_cast<std::ptrdiff_t>(first), pieces.end());
    return;
  }
  writer.out[stream].lines.push_back(std::move(line));
  // Beside half a line nothing is cut off.
  if (writer.half) {
    writer.places.clear();
  } else {
    writer.places.push_back({stream, begin});
  }
  ++lines_;
}

void LogFiles::Write(std::size_t index, int lines) {
  Writer& writer = writers_[index];
  // Beside half a line only the other stream goes on, and not for long.
  const bool beside = writer.half && options_.cri && random_.Chance(0.5);
  if (writer.half && !beside) EndHalf(writer);
  for (int i = 0; i < (beside ? std::min(lines, 2) : lines); ++i) {
    const std::size_t stream = beside ? 1 - writer.half_stream : PickStream();
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
  const LogText text = texts_.Make(writer.name, writer.number++);
  WriteLine(writer, text, PickStream(), true);
}

void LogFiles::EndHalf(Writer& writer) {
  if (!std::exchange(writer.half, false)) return;
  if (writer.half_waited) {
    std::size_t rest = 0;
    for (const std::string& piece : writer.half_rest) rest += piece.size();
    if (!options_.cri) --rest;  // the line end
    if (writer.half_rest.back().ends_with(options_.cri ? "\r" : "\r\n")) --rest;
    writer.half_line.torn_at = writer.half_line.text.size() - rest;
  }
  // Not one of those that CutOff knows: it may have been seen in part.
  writer.places.clear();
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
    if (!writer.readable || !folder_readable_) continue;
    writer.looked = true;
    writer.copied = false;
    writer.seen_size = writer.size;
    writer.rested.assign(writer.out.size(), kNotRested);
    for (std::size_t i = 0; i < writer.out.size(); ++i) {
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
    writer.seen.assign(writer.out.size(), 0);
    writer.places.clear();
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
    for (const ExpectedStream& stream : writer.out) out.push_back(&stream);
  }
  return out;
}

}  // namespace telltale::faults

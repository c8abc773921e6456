// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_oracle.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

namespace telltale::faults {
namespace {

constexpr std::size_t kMostProblems = 8;
constexpr std::size_t kLeastOfHuge = 200'000, kMostOfHuge = 256 << 10;

// Writer, number and checksum: what tells a line from all others, also when it was cut.
std::string KeyOf(const std::string& text) {
  std::size_t at = 0;
  for (int word = 0; word < 3; ++word) {
    at = text.find(' ', at);
    if (at == std::string::npos) return text;
    ++at;
  }
  return text.find(" banner ") < at ? text : text.substr(0, at);
}

// Printable, because reports are XML.
std::string Excerpt(const std::string& text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 60)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > 60 ? "...\"" : "\"");
}

bool SameText(const ExpectedLine& expected, const std::string& got) {
  if (!expected.huge) return expected.text == got;
  return got.size() >= kLeastOfHuge && got.size() <= kMostOfHuge && expected.text.starts_with(got);
}

class StreamJudge {
 public:
  StreamJudge(const ExpectedStream& expected, Verdict& out) : expected_(expected), out_(out) {
    for (std::size_t i = 0; i < expected.lines.size(); ++i) {
      const ExpectedLine& line = expected.lines[i];
      places_[KeyOf(line.text)].push_back(i);
      if (line.torn_at == 0) continue;
      pieces_[line.text.substr(0, line.torn_at)].push_back({i, false});
      pieces_[line.text.substr(line.torn_at)].push_back({i, true});
    }
    found_.resize(expected.lines.size());
    first_.resize(expected.lines.size());
    rest_.resize(expected.lines.size());
  }

  void Take(const std::vector<DeliveredLine>& lines) {
    for (const DeliveredLine& line : lines) Take(line);
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const ExpectedLine& line = expected_.lines[i];
      if (first_[i] && rest_[i]) {
        if (found_[i]) Doubled(line.text);
        found_[i] = true;
      } else if ((first_[i] || rest_[i]) && line.risk != ExpectedLine::Risk::kNone) {
        // Its other part went with the file.
        ++out_.lost_lines;
        out_.lost_bytes += line.bytes;
        continue;
      } else if (first_[i] || rest_[i]) {
        ++out_.wrong;
        Say("only a part of", line.text);
      }
      if (!found_[i]) Missing(line, i);
      if (found_[i] && line.risk != ExpectedLine::Risk::kNone) out_.saved_bytes += line.bytes;
    }
  }

 private:
  // A line that came in two parts, and of which this is one.
  bool TakePiece(const DeliveredLine& line) {
    const auto pieces = pieces_.find(line.text);
    if (pieces == pieces_.end()) return false;
    for (const auto& [place, rest] : pieces->second) {
      std::vector<bool>& taken = rest ? rest_ : first_;
      if (taken[place]) continue;
      if (place < next_ && !(rest && place + 1 == next_)) {
        ++out_.misplaced;
        Say("a part behind a younger line", line.text);
      }
      taken[place] = true;
      next_ = std::max(next_, place + 1);
      return true;
    }
    Doubled(line.text);
    return true;
  }

  void Doubled(const std::string& text) {
    ++out_.doubled;
    Say("twice", text);
  }

  void Take(const DeliveredLine& line) {
    // No two lines of a stream get the same time. Where files begin alike, a repeat would be taken
    // for the first line of the next file.
    if (!taken_.emplace(line.time, line.text).second) return Doubled(line.text);
    if (TakePiece(line)) return;
    const auto places = places_.find(KeyOf(line.text));
    if (places == places_.end()) {
      ++out_.wrong;
      return Say("nobody wrote", line.text);
    }
    const std::size_t* free = nullptr;
    for (const std::size_t& place : places->second) {
      if (found_[place]) continue;
      // Of equal lines the next one behind what came before.
      if (free == nullptr || (*free < next_ && place >= next_)) free = &place;
    }
    if (free == nullptr) return Doubled(line.text);
    found_[*free] = true;
    if (expected_.lines[*free].unended) return CheckText(line, *free);
    if (*free < next_) {
      ++out_.misplaced;
      Say("behind a younger line", line.text);
    }
    next_ = std::max(next_, *free + 1);
    CheckText(line, *free);
  }

  void CheckText(const DeliveredLine& line, std::size_t place) {
    if (SameText(expected_.lines[place], line.text)) return;
    ++out_.wrong;
    Say("not as it was written", line.text);
  }

  void Missing(const ExpectedLine& line, std::size_t index) {
    if (line.risk == ExpectedLine::Risk::kNone) {
      ++out_.missing;
      return Say("missing, line " + std::to_string(index), line.text);
    }
    ++out_.lost_lines;
    out_.lost_bytes += line.bytes;
    if (line.unseen) ++out_.unseen_lines;
    if (line.risk == ExpectedLine::Risk::kKnown) out_.known_lost_bytes += line.bytes;
  }

  void Say(const std::string& what, const std::string& text) {
    if (out_.problems.size() >= kMostProblems) return;
    out_.problems.push_back(expected_.filename + " " + expected_.stream + ": " + what + ": " +
                            Excerpt(text));
  }

  const ExpectedStream& expected_;
  Verdict& out_;
  std::unordered_map<std::string, std::vector<std::size_t>> places_;
  // The parts of lines that may come in two, by text; true: the second one.
  std::unordered_map<std::string, std::vector<std::pair<std::size_t, bool>>> pieces_;
  std::set<std::pair<std::int64_t, std::string>> taken_;
  std::vector<bool> found_, first_, rest_;
  std::size_t next_ = 0;
};

}  // namespace

std::string Verdict::Text() const {
  std::string out = std::to_string(missing) + " missing, " + std::to_string(doubled) +
                    " doubled, " + std::to_string(misplaced) + " misplaced, " +
                    std::to_string(wrong) + " wrong";
  for (const std::string& problem : problems) out += "\n  " + problem;
  return out;
}

Verdict Judge(const std::vector<const ExpectedStream*>& expected, const Delivered& delivered) {
  Verdict out;
  Delivered rest = delivered;
  for (const ExpectedStream* stream : expected) {
    auto got = rest.extract({stream->filename, stream->stream});
    StreamJudge judge(*stream, out);
    judge.Take(got.empty() ? std::vector<DeliveredLine>{} : got.mapped());
  }
  for (const auto& [labels, lines] : rest) {
    out.wrong += lines.size();
    out.problems.push_back("a stream that nobody wrote: " + labels.first + " " + labels.second);
  }
  return out;
}

Delivered ByTime(Delivered delivered) {
  for (auto& [labels, lines] : delivered) {
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
  }
  return delivered;
}

}  // namespace telltale::faults

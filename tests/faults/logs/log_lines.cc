// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_lines.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace telltale::faults {
namespace {

constexpr std::size_t kHugeBytes = 300'000;

struct Piece {
  const char* raw;
  std::size_t size;
  const char* expected;
};

// What applications write that is no plain text. A replacement character for each byte that is
// no UTF-8, and for NUL, which Loki's users cannot see.
constexpr std::array<Piece, 6> kDirty{{{"\xff", 1, "\xEF\xBF\xBD"},
                                       {"\xC3(", 2, "\xEF\xBF\xBD("},
                                       {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                                       {"\0", 1, "\xEF\xBF\xBD"},
                                       {"\t \x1b[31m", 7, "\t \x1b[31m"},
                                       {"\"\\\"", 3, "\"\\\""}}};
constexpr std::array<const char*, 3> kLetters{"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};

}  // namespace

std::string Checksum(const std::string& bytes) {
  std::uint32_t sum = 0xFFFFFFFFu;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320u : 0u);
  }
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), "%08x", ~sum);
  return text.data();
}

LogText LogLines::Make(const std::string& writer, std::uint64_t number) {
  std::string raw, expected;
  std::size_t size = 0;
  const std::uint64_t kind = random_.Below(100);
  LogText line;
  if (kind < 70) {
    size = 5 + random_.Below(60);
  } else if (kind < 95 || !traits_.long_ones) {
    size = 60 + random_.Below(300);
  } else {
    size = 1'000 + random_.Below(9'000);
  }
  line.huge = traits_.huge && random_.Chance(0.02);
  if (line.huge) size = kHugeBytes + random_.Below(kHugeBytes);
  while (raw.size() < size) {
    if (traits_.dirty && !line.huge && random_.Chance(0.05)) {
      const Piece& piece = kDirty[random_.Below(kDirty.size())];
      raw.append(piece.raw, piece.size);
      expected += piece.expected;
    } else if (random_.Chance(0.1)) {
      const char* letter = kLetters[random_.Below(kLetters.size())];
      raw += letter;
      expected += letter;
    } else {
      const std::string word(1 + random_.Below(line.huge ? 5'000 : 12),
                             static_cast<char>('a' + random_.Below(26)));
      raw += word + " ";
      expected += word + " ";
    }
  }
  raw += '.';
  expected += '.';
  const std::string head = writer + " " + std::to_string(number) + " " + Checksum(raw) + " ";
  line.raw = head + raw;
  line.expected = head + expected;
  line.crlf = traits_.dirty && random_.Chance(0.1);
  return line;
}

LogText LogLines::Banner(const std::string& writer, std::uint64_t number) {
  LogText line;
  line.raw = writer + " banner " + std::string(280, '=') + " " + std::to_string(number);
  line.expected = line.raw;
  return line;
}

std::vector<std::string> LogLines::Parts(const std::string& raw) {
  std::vector<std::string> parts;
  const std::size_t size = std::max<std::size_t>(1, raw.size() / (2 + random_.Below(3)));
  for (std::size_t at = 0; at < raw.size(); at += size) parts.push_back(raw.substr(at, size));
  return parts;
}

std::string LogLines::Stamp(std::int64_t nanos) {
  const std::time_t seconds = nanos / 1'000'000'000;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  std::array<char, 64> text;
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &fields);
  std::snprintf(text.data() + n, text.size() - n, ".%09dZ",
                static_cast<int>(nanos % 1'000'000'000));
  return text.data();
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/logs/lines.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace telltale::bench {
namespace {

constexpr std::string_view kSent = "\"sent\":";
constexpr std::string_view kLevel = "{\"level\":\"";
constexpr std::array<const char*, 4> kLevels{"info", "info", "warn", "debug"};
constexpr std::array<const char*, 4> kMethods{"GET", "GET", "POST", "PUT"};

std::uint64_t Mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

void AppendCriStart(std::int64_t time, std::string& out) {
  const std::time_t seconds = time / 1'000'000'000;
  static thread_local std::time_t formatted = -1;
  static thread_local std::array<char, 32> date;
  if (seconds != formatted) {
    std::tm utc;
    gmtime_r(&seconds, &utc);
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    formatted = seconds;
  }
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "%s.%09lldZ stdout F ", date.data(),
                                 static_cast<long long>(time % 1'000'000'000));
  out.append(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

void Digest::Add(std::int64_t time, std::string_view text) {
  std::uint64_t hash = 0;
  const std::size_t size = text.size();
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
  }
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash = Mix(hash + size);
  ++lines;
  texts += hash;
  sum += Mix(hash ^ Mix(static_cast<std::uint64_t>(time)));
}

void AppendLine(LineForm form, std::uint64_t number, std::int64_t time, std::size_t bytes,
                std::string& out, Digest& made) {
  const std::size_t begin = out.size();
  if (form == LineForm::kCri) AppendCriStart(time, out);
  const std::size_t text_begin = out.size();
  const std::uint64_t random = Mix(number);
  std::array<char, 512> text;
  const int size = std::snprintf(
      text.data(), text.size(),
      "{\"level\":\"%s\",\"sent\":%lld,\"method\":\"%s\",\"path\":\"/api/v1/items/%u\","
      "\"status\":%d,\"bytes\":%u,\"trace\":\"%016llx\",\"agent\":\"",
      kLevels[random & 3], static_cast<long long>(time), kMethods[(random >> 2) & 3],
      static_cast<unsigned>((random >> 4) % 100'000), (random >> 20) % 50 == 0 ? 500 : 200,
      static_cast<unsigned>((random >> 24) % 60'000), static_cast<unsigned long long>(random));
  out.append(text.data(), static_cast<std::size_t>(size));
  constexpr std::string_view kAgent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 "
      "Safari/537.36";
  const std::size_t left = bytes - (out.size() - begin) - 3;
  out.append(kAgent.substr(0, left));
  if (left > kAgent.size()) out.append(left - kAgent.size(), 'x');
  out.append("\"}\n");
  made.Add(time, std::string_view(out).substr(text_begin, out.size() - text_begin - 1));
}

std::int64_t SentAt(std::string_view line) {
  const std::size_t at = line.find(kSent);
  if (at == std::string_view::npos) return 0;
  std::int64_t value = 0;
  std::from_chars(line.data() + at + kSent.size(), line.data() + line.size(), value);
  return value;
}

std::string_view LevelOf(std::string_view line) {
  if (!line.starts_with(kLevel)) return {};
  line.remove_prefix(kLevel.size());
  return line.substr(0, line.find('"'));
}

}  // namespace telltale::bench

// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/logs/lines.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace telltale::bench {
namespace {

constexpr std::string_view kSent = "\"sent\":";
constexpr std::array<const char*, 4> kLevels{"info", "info", "warn", "debug"};
constexpr std::array<const char*, 4> kMethods{"GET", "GET", "POST", "PUT"};

std::uint64_t Mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

}  // namespace

void AppendLine(std::uint64_t number, std::int64_t time, std::size_t bytes, std::string& out) {
  const std::size_t begin = out.size();
  const std::time_t seconds = time / 1'000'000'000;
  static thread_local std::time_t formatted = -1;
  static thread_local std::array<char, 32> date;
  if (seconds != formatted) {
    std::tm utc;
    gmtime_r(&seconds, &utc);
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    formatted = seconds;
  }
  const std::uint64_t random = Mix(number);
  std::array<char, 512> text;
  const int size = std::snprintf(
      text.data(), text.size(),
      "%s.%09lldZ stdout F "
      "{\"level\":\"%s\",\"sent\":%lld,\"method\":\"%s\",\"path\":\"/api/v1/items/%u\","
      "\"status\":%d,\"bytes\":%u,\"trace\":\"%016llx\",\"agent\":\"",
      date.data(), static_cast<long long>(time % 1'000'000'000), kLevels[random & 3],
      static_cast<long long>(time), kMethods[(random >> 2) & 3],
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
}

std::int64_t SentAt(std::string_view line) {
  const std::size_t at = line.find(kSent);
  if (at == std::string_view::npos) return 0;
  std::int64_t value = 0;
  std::from_chars(line.data() + at + kSent.size(), line.data() + line.size(), value);
  return value;
}

}  // namespace telltale::bench

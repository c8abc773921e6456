// SPDX-License-Identifier: Apache-2.0
//
// bench_write FILE LINES BYTES              so many lines at once, a microsecond apart, until now
// bench_write FILE LINES BYTES RATE SECONDS appends RATE lines a second for so long, each ms
//
// LINES is ignored with a rate. Prints how many lines were written and their digest, as JSON.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/bench/logs/lines.h"

namespace telltale::bench {
namespace {

constexpr std::size_t kChunk = 1 << 20;

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool Flush(std::string& out, std::FILE* file) {
  const bool whole = std::fwrite(out.data(), 1, out.size(), file) == out.size();
  out.clear();
  return whole && std::fflush(file) == 0;
}

Digest WriteAtOnce(std::FILE* file, std::uint64_t lines, std::size_t bytes) {
  const std::int64_t first = Now() - static_cast<std::int64_t>(lines) * 1000;
  std::string out;
  Digest made;
  while (made.lines < lines) {
    const std::uint64_t i = made.lines;
    AppendLine(i, first + static_cast<std::int64_t>(i) * 1000, bytes, out, made);
    if (out.size() > kChunk && !Flush(out, file)) return {};
  }
  return Flush(out, file) ? made : Digest{};
}

// What is due is written once in a millisecond, so that the writer itself costs little.
Digest WriteAtRate(std::FILE* file, double rate, double seconds, std::size_t bytes) {
  const auto begin = std::chrono::steady_clock::now();
  std::string out;
  Digest made;
  for (auto tick = begin;; tick += std::chrono::milliseconds(1)) {
    std::this_thread::sleep_until(tick);
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto due = static_cast<std::uint64_t>(rate * (elapsed < seconds ? elapsed : seconds));
    while (made.lines < due) AppendLine(made.lines, Now(), bytes, out, made);
    if (!Flush(out, file)) return {};
    if (elapsed >= seconds) return made;
  }
}

int Main(int count, char** arguments) {
  if (count != 4 && count != 6) {
    std::fprintf(stderr, "usage: bench_write FILE LINES BYTES [RATE SECONDS]\n");
    return 2;
  }
  std::FILE* file = std::fopen(arguments[1], "ae");
  if (file == nullptr) {
    std::perror(arguments[1]);
    return 1;
  }
  const auto bytes = std::strtoull(arguments[3], nullptr, 10);
  const Digest made =
      count == 4 ? WriteAtOnce(file, std::strtoull(arguments[2], nullptr, 10), bytes)
                 : WriteAtRate(file, std::atof(arguments[4]), std::atof(arguments[5]), bytes);
  std::fclose(file);
  std::printf("{\"lines\":%llu,\"digest\":\"%016llx\"}\n",
              static_cast<unsigned long long>(made.lines),
              static_cast<unsigned long long>(made.sum));
  return made.lines > 0 ? 0 : 1;
}

}  // namespace
}  // namespace telltale::bench

int main(int count, char** arguments) { return telltale::bench::Main(count, arguments); }

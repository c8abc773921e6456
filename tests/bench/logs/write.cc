// SPDX-License-Identifier: Apache-2.0
//
// bench_write [--json] FOLDER FILES LINES BYTES              LINES into each file at once; their
//                                                            times are a microsecond apart, until
//                                                            now
// bench_write [--json] FOLDER FILES LINES BYTES RATE SECONDS appends for so long RATE lines a
// second
//                                                            to all files together, in turn, each
//                                                            ms
//
// Appends to FOLDER/0.log, 1.log, ...; LINES is ignored with a rate. With --json the lines have no
// CRI part. Prints how many lines were written in all and their digest, as JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/logs/lines.h"

namespace telltale::bench {
namespace {

constexpr std::size_t kChunk = 1 << 20;

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Work {
  LineForm form = LineForm::kCri;
  std::uint64_t lines = 0;
  std::size_t bytes = 0;
  double rate = 0, seconds = 0;
};

// A file with what is to be written to it next.
struct Output {
  std::FILE* file = nullptr;
  std::string text;

  bool Flush() {
    const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    text.clear();
    return whole && std::fflush(file) == 0;
  }
};

Digest WriteAtOnce(std::vector<Output>& outputs, const Work& work) {
  const std::int64_t first = Now() - static_cast<std::int64_t>(work.lines) * 1000;
  Digest made;
  for (Output& output : outputs) {
    for (std::uint64_t i = 0; i < work.lines; ++i) {
      AppendLine(work.form, made.lines, first + static_cast<std::int64_t>(i) * 1000, work.bytes,
                 output.text, made);
      if (output.text.size() > kChunk && !output.Flush()) return {};
    }
    if (!output.Flush()) return {};
  }
  return made;
}

// What is due is written once in a millisecond, so that the writer itself costs little.
Digest WriteAtRate(std::vector<Output>& outputs, const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  Digest made;
  for (auto tick = begin;; tick += std::chrono::milliseconds(1)) {
    std::this_thread::sleep_until(tick);
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto due = static_cast<std::uint64_t>(work.rate * std::min(elapsed, work.seconds));
    while (made.lines < due) {
      AppendLine(work.form, made.lines, Now(), work.bytes,
                 outputs[made.lines % outputs.size()].text, made);
    }
    for (Output& output : outputs) {
      if (!output.text.empty() && !output.Flush()) return {};
    }
    if (elapsed >= work.seconds) return made;
  }
}

int Main(std::vector<std::string> words) {
  Work work;
  if (!words.empty() && words[0] == "--json") {
    work.form = LineForm::kJson;
    words.erase(words.begin());
  }
  if (words.size() != 4 && words.size() != 6) {
    std::fprintf(stderr, "usage: bench_write [--json] FOLDER FILES LINES BYTES [RATE SECONDS]\n");
    return 2;
  }
  work.lines = std::strtoull(words[2].c_str(), nullptr, 10);
  work.bytes = std::strtoull(words[3].c_str(), nullptr, 10);
  std::vector<Output> outputs(std::strtoull(words[1].c_str(), nullptr, 10));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string path = words[0] + "/" + std::to_string(i) + ".log";
    outputs[i].file = std::fopen(path.c_str(), "ae");
    if (outputs[i].file != nullptr) continue;
    std::perror(path.c_str());
    return 1;
  }
  Digest made;
  if (words.size() == 4) {
    made = WriteAtOnce(outputs, work);
  } else {
    work.rate = std::atof(words[4].c_str());
    work.seconds = std::atof(words[5].c_str());
    made = WriteAtRate(outputs, work);
  }
  for (const Output& output : outputs) std::fclose(output.file);
  std::printf("{\"lines\":%llu,\"digest\":\"%016llx\",\"texts\":\"%016llx\"}\n",
              static_cast<unsigned long long>(made.lines),
              static_cast<unsigned long long>(made.sum),
              static_cast<unsigned long long>(made.texts));
  return made.lines > 0 ? 0 : 1;
}

}  // namespace
}  // namespace telltale::bench

int main(int count, char** arguments) {
  return telltale::bench::Main({arguments + 1, arguments + count});
}

// SPDX-License-Identifier: Apache-2.0
//
// bench_encode FILE SECONDS   makes the pushes of a file's lines, as the sidecar's worker does,
// again
//                             and again for so long, without compressing and without sending them
//
// The reader, the decoder, the encoder and the marks of content are the sidecar's own
// (BatchBuilder). Only snappy's RawCompress is another (the linker's --wrap). Before the clock
// runs, one pass compresses and reads all pushes back. Prints one line of JSON.
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "sidecar/loki/snappy_codec.h"
#include "sidecar/ship/batch_builder.h"
#include "tests/bench/logs/received.h"

namespace telltale {
namespace {

bench::Received* g_reader = nullptr;  // while pushes are read back

}  // namespace

// snappy::RawCompress(const char*, size_t, char*, size_t*) and what takes its place.
extern "C" {
void __real__ZN6snappy11RawCompressEPKcmPcPm(const char*, std::size_t, char*,
                                             std::size_t*);  // NOLINT
void __wrap__ZN6snappy11RawCompressEPKcmPcPm(const char*, std::size_t, char*,
                                             std::size_t*);  // NOLINT
}

void __wrap__ZN6snappy11RawCompressEPKcmPcPm(const char* text, std::size_t size,  // NOLINT
                                             char* out, std::size_t* written) {
  *written = 0;
  if (g_reader != nullptr) __real__ZN6snappy11RawCompressEPKcmPcPm(text, size, out, written);
}

namespace bench {
namespace {

constexpr std::size_t kBatch = 1 << 20;  // the default of batchBytes

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// All batches of the file once; how many lines there were.
std::uint64_t Pass(BatchBuilder& builder, TailedFile& file, const LogSource& source) {
  std::uint64_t lines = 0;
  file.checkpoint = Checkpoint{};
  file.searched = 0;
  while (file.unread()) {
    auto batch = builder.Build(file, source, kBatch, {}, file.info.modified);
    if (!batch || batch->count.lines == 0) break;
    lines += batch->count.lines;
    for (const PushBody& body : batch->bodies) {
      if (g_reader == nullptr) break;
      const auto push = SnappyUncompress(body.compressed);
      if (!push || !g_reader->Add(*push, [](std::string_view) {})) std::abort();
    }
    file.checkpoint = batch->record.checkpoint;
  }
  return lines;
}

int Main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: bench_encode FILE SECONDS\n");
    return 2;
  }
  TailedFile file;
  file.path = arguments[1];
  file.bytes = FileBytes(UniqueFd(open(arguments[1], O_RDONLY | O_CLOEXEC)));
  const auto info = StatFile(file.bytes.fd());
  if (!info) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], info.error().message.c_str());
    return 1;
  }
  file.info = *info;
  const LogSource source{{}, {}, LogSource::Format::kCri, {{"app", "bench"}}};
  BatchBuilder builder;
  Received received;
  g_reader = &received;
  const std::uint64_t each = Pass(builder, file, source);
  g_reader = nullptr;
  const double begin = CpuSeconds(), seconds = std::atof(arguments[2]);
  std::uint64_t lines = 0, passes = 0;
  double spent = 0;
  for (; each > 0 && spent < seconds; spent = CpuSeconds() - begin, ++passes) {
    lines += Pass(builder, file, source);
  }
  std::printf(
      "{\"lines\":%llu,\"digest\":\"%016llx\",\"streams\":%zu,\"misplaced\":0,"
      "\"per_cpu_second\":%.0f,\"gb_per_cpu_second\":%.3f}\n",
      static_cast<unsigned long long>(received.digest.lines),
      static_cast<unsigned long long>(received.digest.sum), received.streams.size(),
      static_cast<double>(lines) / spent,
      static_cast<double>(file.info.size) * static_cast<double>(passes) / spent / 1e9);
  return lines == passes * received.digest.lines ? 0 : 1;
}

}  // namespace
}  // namespace bench
}  // namespace telltale

int main(int count, char** arguments) { return telltale::bench::Main(count, arguments); }

// SPDX-License-Identifier: Apache-2.0
//
// A rotated log file that was compressed, or says so: reading at any offset gives what reading from
// the start gives, and damage ends the content instead of the process.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "common/base/check.h"
#include "common/base/files.h"
#include "sidecar/tail/gzip_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kMost = 4 << 20;  // a few hundred bytes may stand for gigabytes

std::string ReadAll(GzipReader& reader) {
  std::string content;
  std::array<char, 64 << 10> piece;
  while (content.size() < kMost) {
    const auto n = reader.ReadAt(piece.data(), piece.size(), content.size());
    if (!n.ok() || *n == 0) break;
    TELLTALE_CHECK(*n <= piece.size());
    content.append(piece.data(), *n);
  }
  return content;
}

}  // namespace

void FuzzOne(std::string_view text) {
  const UniqueFd fd(memfd_create("fuzz", MFD_CLOEXEC));
  TELLTALE_CHECK(fd &&
                 write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  GzipReader reader(fd.get());
  reader.Size();
  const std::string content = ReadAll(reader);
  // Backwards, in steps that are no multiple of anything, and once after giving memory back.
  for (std::size_t at = content.size(); at > 0;) {
    at -= std::min<std::size_t>(at, content.size() / 3 + 1);
    std::array<char, 100> piece;
    const auto n = reader.ReadAt(piece.data(), piece.size(), at);
    TELLTALE_CHECK(n.ok() && *n > 0);
    TELLTALE_CHECK(content.compare(at, std::min(*n, content.size() - at), piece.data(),
                                   std::min(*n, content.size() - at)) == 0);
    reader.Release();
  }
}

}  // namespace telltale

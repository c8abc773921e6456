// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/sanitizer.h"

namespace telltale {
namespace {

// What is resident, counted page by page; 0 when the kernel does not tell.
std::size_t ResidentKb() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::size_t kb = 0;
  for (std::string word; rollup >> word;) {
    if (word == "Rss:") rollup >> kb;
  }
  return kb;
}

// Blocks so small that the allocator keeps them in its heap, with one left at the end of it, so
// that the heap cannot simply become shorter.
TEST(GiveBackMemoryTest, FreeMemoryInTheMiddleOfTheHeapIsNoLongerResident) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer has an allocator of its own";
  constexpr std::size_t kBlock = 8 << 10, kBlocks = 4096;  // 32 MiB
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  for (auto& block : blocks) {
    block = std::make_unique_for_overwrite<char[]>(kBlock);
    std::memset(block.get(), 1, kBlock);
  }
  const auto last = std::move(blocks.back());
  const std::size_t full = ResidentKb();
  if (full == 0) GTEST_SKIP() << "no /proc/self/smaps_rollup";
  blocks.clear();
  const std::size_t freed = ResidentKb();
  EXPECT_GT(freed, full - (8 << 10)) << "the allocator gave it back itself: this tests nothing";
  GiveBackMemory();
  EXPECT_LT(ResidentKb(), full - (24 << 10));
}

TEST(GiveBackMemoryTest, TheProgramsOwnCodeIsNotResidentUntilItRuns) {
  GiveBackMemory();
  const std::size_t rested = ResidentKb();
  // Reading the code is what running all of it would be.
  std::ifstream maps("/proc/self/maps");
  std::string line;
  std::size_t read = 0, sum = 0;
  char path[4096] = {};
  ASSERT_GT(readlink("/proc/self/exe", path, sizeof path - 1), 0);
  while (std::getline(maps, line)) {
    std::size_t begin = 0, end = 0;
    if (line.find(" r-xp ") == line.npos || !line.ends_with(path)) continue;
    ASSERT_EQ(std::sscanf(line.c_str(), "%zx-%zx", &begin, &end), 2);
    for (; begin < end; begin += 4096, read += 4) {
      sum += *reinterpret_cast<volatile const unsigned char*>(begin);
    }
  }
  ASSERT_GT(read, 100U) << sum;
  const std::size_t used = ResidentKb();
  EXPECT_GT(used, rested + read / 2);
  GiveBackMemory();
  EXPECT_LT(ResidentKb(), used - read / 2);
}

}  // namespace
}  // namespace telltale

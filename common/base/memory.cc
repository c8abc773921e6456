// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

// Of the linker (ld(1), "PROVIDE"): where the code of the program begins and ends.
extern "C" const char __executable_start, etext;  // NOLINT: the linker's names

namespace telltale {

void GiveBackMemory() {
  malloc_trim(0);
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext);
  // Nobody writes to code, so what is dropped is the same when it is read again.
  if (begin % page == 0 && begin < end) {
    madvise(reinterpret_cast<void*>(begin), (end - begin) / page * page, MADV_DONTNEED);
  }
}

}  // namespace telltale

# SPDX-License-Identifier: Apache-2.0
# One interface target that every target of ours links, so that no flag string is global.
add_library(telltale_warnings INTERFACE)
target_compile_options(telltale_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wcast-qual -Wformat=2 -Wundef -Wvla
  -Wmissing-declarations
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>)
if(TELLTALE_WERROR)
  target_compile_options(telltale_warnings INTERFACE -Werror)
endif()

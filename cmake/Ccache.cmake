# SPDX-License-Identifier: Apache-2.0
# ccache, where it is installed and nothing else was chosen.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(TELLTALE_CCACHE ccache)
  if(TELLTALE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TELLTALE_CCACHE})
  endif()
endif()

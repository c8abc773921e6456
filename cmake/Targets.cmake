# SPDX-License-Identifier: Apache-2.0
# telltale_library(NAME SRCS a.cc ... HDRS a.h ... DEPS ours ... PRIVATE theirs ...)
# A folder is one library; DEPS are our own libraries, PRIVATE third-party ones that only its .cc
# files may see. Headers are compiled alone by the target all_verify_interface_header_sets.
function(telltale_library NAME)
  cmake_parse_arguments(ARG "" "" "SRCS;HDRS;DEPS;PRIVATE" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SRCS})
  target_sources(${NAME} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HDRS})
  set_target_properties(${NAME} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${NAME} PUBLIC ${ARG_DEPS} PRIVATE telltale_warnings ${ARG_PRIVATE})
endfunction()

# telltale_small(NAME ...): release builds of these libraries are compiled for size. For folders whose code
# runs once per configuration, cycle or request; a third of their size is the price of -O2.
function(telltale_small)
  foreach(NAME ${ARGN})
    target_compile_options(${NAME} PRIVATE $<$<CONFIG:Release>:-Os>)
  endforeach()
endfunction()

# telltale_program(NAME [STATIC] SRCS ... DEPS ...). STATIC: without shared libraries, if TELLTALE_STATIC
# is on; it is still loaded at a random address.
# What --version says after the version: " (COMMIT)" in a release, which sets TELLTALE_REVISION, and nothing else.
# Only main.cc has it, so that a commit compiles nothing else anew.
set(TELLTALE_REVISION "" CACHE STRING "the commit that --version names; make release sets it")
function(telltale_program NAME)
  cmake_parse_arguments(ARG "STATIC" "" "SRCS;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SRCS})
  if(ARG_STATIC AND TELLTALE_STATIC)
    set_target_properties(${NAME} PROPERTIES TELLTALE_STATIC ON)
    target_compile_options(${NAME} PRIVATE -fPIE)
    # Relative relocations take a bit each and not 24 bytes: 6 % of the sidecar. A linker that cannot do
    # that only warns.
    target_link_options(${NAME} PRIVATE -static-pie -Wl,-z,pack-relative-relocs)
  else()
    target_link_options(${NAME} PRIVATE $<$<BOOL:${TELLTALE_HARDENING}>:-pie>)
  endif()
  target_link_libraries(${NAME} PRIVATE telltale_warnings ${ARG_DEPS})
  target_compile_definitions(${NAME} PRIVATE TELLTALE_VERSION="${PROJECT_VERSION}")
  target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  set(revision "")
  if(TELLTALE_REVISION)
    set(revision " (${TELLTALE_REVISION})")
  endif()
  set_source_files_properties(main.cc PROPERTIES COMPILE_DEFINITIONS "TELLTALE_REVISION=\"${revision}\"")
endfunction()

# telltale_test(NAME SRCS ... DEPS ...): one gtest program, run in the top folder of the tree, where
# TELLTALE_SOURCE_DIR finds golden files; an absolute path would make every checkout compile anew.
function(telltale_test NAME)
  if(NOT TELLTALE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SRCS})
  target_link_libraries(${NAME} PRIVATE telltale_warnings ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${NAME} PRIVATE TELLTALE_SOURCE_DIR=".")
  gtest_discover_tests(${NAME} DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES TIMEOUT 300)
endfunction()

# SPDX-License-Identifier: Apache-2.0
# Hardening of what is shipped: every optimized build that has no sanitizer, with or without a preset.
# A flag that the compiler or the processor does not know is left out.
include(CheckCXXCompilerFlag)

set(optimized FALSE)
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$" AND NOT TELLTALE_SANITIZE)
  set(optimized TRUE)
endif()
option(TELLTALE_HARDENING "Compile and link with the hardening flags" ${optimized})
if(NOT TELLTALE_HARDENING)
  return()
endif()

function(telltale_harden FLAG)
  string(MAKE_C_IDENTIFIER "TELLTALE_HAS${FLAG}" known)
  check_cxx_compiler_flag(${FLAG} ${known})
  if(${known})
    add_compile_options(${FLAG})
  endif()
endfunction()

telltale_harden(-fstack-protector-strong)
telltale_harden(-fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|i.86)$")
  telltale_harden(-fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  telltale_harden(-mbranch-protection=standard)
endif()

# Level 3 also checks sizes that are known only at run time; g++ has it since 12.
set(fortify 2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
  set(fortify 3)
endif()
add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${fortify})
add_compile_definitions(_GLIBCXX_ASSERTIONS)

# Position independent code without that of a shared library, which is slower. -pie is for programs
# with shared libraries; telltale_program adds -static-pie for those without.
add_compile_options(-fPIE)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

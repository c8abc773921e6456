# SPDX-License-Identifier: Apache-2.0
# Sanitizers are chosen by a preset; the flags must reach every object and every link.
if(TELLTALE_SANITIZE)
  add_compile_options(-fsanitize=${TELLTALE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # Beside a sanitizer's own code g++ warns of members of an empty std::optional.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${TELLTALE_SANITIZE})
endif()

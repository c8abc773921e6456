# SPDX-License-Identifier: Apache-2.0
# Everything comes from Debian 12. Names that differ from what one would guess: the yaml-cpp target
# has no namespace, RE2 and snappy differ in having a CMake package, prometheus-cpp has no version.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Snappy REQUIRED)
if(TELLTALE_TESTS)
  find_package(GTest)
  if(NOT TARGET GTest::gtest_main OR NOT TARGET GTest::gmock)
    message(FATAL_ERROR "the tests need GoogleTest with gmock: apt-get install libgtest-dev libgmock-dev, "
      "or configure with -DTELLTALE_TESTS=OFF")
  endif()
  include(GoogleTest)
endif()

# Static archives for the sidecar, which must run in an image with nothing but itself.
find_library(TELLTALE_YAML_A libyaml-cpp.a REQUIRED)
find_library(TELLTALE_SNAPPY_A libsnappy.a REQUIRED)
find_library(TELLTALE_ZLIB_A libz.a REQUIRED)
find_library(TELLTALE_SSL_A libssl.a REQUIRED)
find_library(TELLTALE_CRYPTO_A libcrypto.a REQUIRED)

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/digest.h"

#include <openssl/evp.h>

#include <array>

#include "common/base/ascii.h"
#include "common/base/check.h"

namespace telltale {
namespace {

std::string Hex(std::string_view text, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  TELLTALE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr) == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) AppendHex(digest[i], out);
  return out;
}

}  // namespace

std::string Sha256Hex(std::string_view text) { return Hex(text, EVP_sha256()); }
std::string Sha3Hex(std::string_view text) { return Hex(text, EVP_sha3_256()); }

}  // namespace telltale

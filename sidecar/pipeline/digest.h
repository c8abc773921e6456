// SPDX-License-Identifier: Apache-2.0
//
// Digests for the template functions Hash and Sha2Hash, as lower-case hex. Fence of OpenSSL.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

std::string Sha256Hex(std::string_view text);
std::string Sha3Hex(std::string_view text);  // SHA3-256

}  // namespace telltale

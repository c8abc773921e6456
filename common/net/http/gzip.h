// SPDX-License-Identifier: Apache-2.0
//
// The content coding gzip of HTTP. The fence of zlib. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

// Fast and with little memory (some 70 KiB while it runs), because pages are compressed every few
// seconds: a page of metrics shrinks to a tenth.
std::string GzipCompress(std::string_view text);

// kInvalid if it is no gzip or cut off; kTooLarge once the text would be larger than `max_size`.
// Several members in a row are one text.
Result<std::string> GzipDecompress(std::string_view gzip, std::size_t max_size);

}  // namespace telltale

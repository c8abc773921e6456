// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/snappy_codec.h"

#include <snappy.h>

namespace telltale {

std::string SnappyCompress(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  // The library makes room for the worst case; a batch that waits for Loki must not hold it.
  out.shrink_to_fit();
  return out;
}

std::optional<std::string> SnappyUncompress(std::string_view compressed) {
  std::string out;
  if (!snappy::Uncompress(compressed.data(), compressed.size(), &out)) return std::nullopt;
  return out;
}

}  // namespace telltale

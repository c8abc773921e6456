// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace telltale {
namespace {

constexpr int kGzip = 16;  // added to the size of the window
constexpr int kCompressWindow = 13, kCompressMemory = 6, kLevel = 1;
constexpr int kAnyWindow = 15;
constexpr std::size_t kStep = 32 << 10;

struct Deflater {
  z_stream z{};
  Deflater() = default;
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&z); }
};
struct Inflater {
  z_stream z{};
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&z); }
};

// zlib only reads it.
void SetInput(z_stream& z, std::string_view text) {
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
}

}  // namespace

std::string GzipCompress(std::string_view text) {
  Deflater deflater;
  z_stream& z = deflater.z;
  if (deflateInit2(&z, kLevel, Z_DEFLATED, kCompressWindow + kGzip, kCompressMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string out;
  SetInput(z, text);
  for (int result = Z_OK; result == Z_OK;) {
    const std::size_t before = out.size();
    out.resize(before + kStep);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    z.avail_out = kStep;
    result = deflate(&z, Z_FINISH);
    out.resize(out.size() - z.avail_out);
  }
  return out;
}

Result<std::string> GzipDecompress(std::string_view gzip, std::size_t max_size) {
  Inflater inflater;
  z_stream& z = inflater.z;
  if (inflateInit2(&z, kAnyWindow + kGzip) != Z_OK) {
    return Fail(Code::kUnavailable, "there is no memory to read a compressed text");
  }
  SetInput(z, gzip);
  std::string out;
  for (;;) {
    std::array<char, 16 << 10> step;
    z.next_out = reinterpret_cast<Bytef*>(step.data());
    z.avail_out = step.size();
    const int result = inflate(&z, Z_NO_FLUSH);
    const std::size_t got = step.size() - z.avail_out;
    if (out.size() + got > max_size) {
      return Fail(Code::kTooLarge,
                  "the text is larger than " + std::to_string(max_size) + " bytes");
    }
    out.append(step.data(), got);
    if (result == Z_STREAM_END) {
      if (z.avail_in == 0) return out;
      if (inflateReset(&z) != Z_OK) break;
    } else if (result != Z_OK || (got == 0 && z.avail_in == 0)) {
      break;
    }
  }
  return Fail(Code::kInvalid, "the text is no gzip or is cut off");
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Finds the next byte of a JSON string that needs attention: a quote, a backslash or a control
// character. Most of the time of the json stage is spent here. SSE2 where the compiler has it;
// eight bytes at a time elsewhere (arm64) and where TELLTALE_PORTABLE is defined, which the tests
// do. Pure, thread-safe.
#pragma once

#if defined(__SSE2__) && !defined(TELLTALE_PORTABLE)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>

namespace telltale {

inline bool IsStringSpecial(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// The first such byte in [p, end); `end` if there is none.
inline const char* FindStringSpecialPortable(const char* p, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  // The high bit of each byte that is zero; bytes above a found one may be wrong, so the loop
  // below looks at each byte of the word again.
  const auto zeros = [](std::uint64_t v) { return (v - kOnes) & ~v & kHigh; };
  for (; end - p >= 8; p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHigh;
    if ((zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\\') | control) != 0) break;
  }
  while (p != end && !IsStringSpecial(*p)) ++p;
  return p;
}

#if defined(__SSE2__) && !defined(TELLTALE_PORTABLE)
inline const char* FindStringSpecial(const char* p, const char* end) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (bits != 0) return p + std::countr_zero(bits);
  }
  while (p != end && !IsStringSpecial(*p)) ++p;
  return p;
}
#else
inline const char* FindStringSpecial(const char* p, const char* end) {
  return FindStringSpecialPortable(p, end);
}
#endif

}  // namespace telltale

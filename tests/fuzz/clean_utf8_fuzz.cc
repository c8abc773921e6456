// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a log as Loki accepts them: clean whatever they were, no longer than allowed, no
// character torn, and nothing changed that was clean.
#include <algorithm>
#include <string>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "sidecar/tail/clean_utf8.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  const std::string_view text = FuzzText(data, size);
  std::string whole;
  TELLTALE_CHECK(AppendCleanUtf8(text, 3 * size, whole) == size);
  TELLTALE_CHECK(IsCleanUtf8(whole) && IsCleanUtf8(text) == (whole == text));
  for (const std::size_t limit : {std::size_t{0}, std::size_t{3}, std::size_t{8}, size / 2, size}) {
    std::string cut, prefix;
    const std::size_t used = AppendCleanUtf8(text, limit, cut);
    TELLTALE_CHECK(used <= size && cut.size() <= limit && whole.starts_with(cut));
    AppendCleanUtf8(text.substr(0, used), 3 * size, prefix);
    TELLTALE_CHECK(prefix == cut);
    // A character has at most four bytes.
    TELLTALE_CHECK(used == size || cut.size() + 4 > limit);

    const std::size_t end = Utf8Cut(whole, limit);
    TELLTALE_CHECK(end <= limit && (end == whole.size() || end + 4 > limit));
    TELLTALE_CHECK(IsCleanUtf8(std::string_view(whole).substr(0, end)));
  }
  if (text.find('\0') == std::string_view::npos) {  // the other cleaner lets NUL pass
    std::string other;
    AppendValidUtf8(text, other);
    TELLTALE_CHECK(other == whole);
  }
  return 0;
}

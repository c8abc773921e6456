// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a log as Loki accepts them: clean whatever they were, no longer than allowed, no
// character torn, and nothing changed that was clean.
#include <algorithm>
#include <string>

#include "common/base/check.h"
#include "common/base/clean_utf8.h"
#include "common/base/strings.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  std::string whole;
  TELLTALE_CHECK(AppendCleanUtf8(text, 3 * text.size(), whole) == text.size());
  TELLTALE_CHECK(IsCleanUtf8(whole) && IsCleanUtf8(text) == (whole == text));
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{3}, std::size_t{8}, text.size() / 2, text.size()}) {
    std::string cut, prefix;
    const std::size_t used = AppendCleanUtf8(text, limit, cut);
    TELLTALE_CHECK(used <= text.size() && cut.size() <= limit && whole.starts_with(cut));
    AppendCleanUtf8(text.substr(0, used), 3 * text.size(), prefix);
    TELLTALE_CHECK(prefix == cut);
    // A character has at most four bytes.
    TELLTALE_CHECK(used == text.size() || cut.size() + 4 > limit);

    const std::size_t end = Utf8Cut(whole, limit);
    TELLTALE_CHECK(end <= limit && (end == whole.size() || end + 4 > limit));
    TELLTALE_CHECK(IsCleanUtf8(std::string_view(whole).substr(0, end)));
  }
  if (text.find('\0') == std::string_view::npos) {  // the other cleaner lets NUL pass
    std::string other;
    AppendValidUtf8(text, other);
    TELLTALE_CHECK(other == whole);
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/store/document.h"

#include <array>

namespace telltale {

DocumentPage::DocumentPage(std::vector<FragmentRef> f) : fragments(std::move(f)) {
  for (const auto& fragment : fragments) {
    if (!fragment) continue;
    bytes += fragment->view().size();
    targets += fragment->number();
  }
}

Document::Document(std::vector<std::shared_ptr<const DocumentPage>> pages)
    : pages_(std::move(pages)) {
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    const auto& fragments = pages_[p]->fragments;
    for (std::size_t i = 0; i < fragments.size() && first_.page == 0; ++i) {
      if (fragments[i]) first_ = {p + 1, i};
    }
    size_ += pages_[p]->bytes;
    targets_ += pages_[p]->targets;
  }
  if (targets_ > 0) --size_;  // the first one's comma
}

// A cursor's page is 0 for the opening bracket, then that of pages_ plus one; the closing bracket
// stands behind the last page.
std::size_t Document::Next(Cursor& at, std::span<std::string_view> out) const {
  std::size_t count = 0;
  const std::size_t last = pages_.size() + 1;
  while (count < out.size() && at.page <= last) {
    if (at.page == 0 || at.page == last) {
      out[count++] = at.page == 0 ? "[" : "]";
      ++at.page;
      continue;
    }
    const auto& fragments = pages_[at.page - 1]->fragments;
    for (; at.piece < fragments.size() && count < out.size(); ++at.piece) {
      if (!fragments[at.piece]) continue;
      const bool first = at.page == first_.page && at.piece == first_.piece;
      out[count++] = fragments[at.piece]->view().substr(first ? 1 : 0);
    }
    if (at.piece == fragments.size()) at = {at.page + 1, 0};
  }
  return count;
}

std::string Document::Text() const {
  std::string text;
  text.reserve(size_);
  Cursor at;
  std::array<std::string_view, 64> pieces;
  while (const std::size_t count = Next(at, pieces)) {
    for (std::size_t i = 0; i < count; ++i) text += pieces[i];
  }
  return text;
}

}  // namespace telltale

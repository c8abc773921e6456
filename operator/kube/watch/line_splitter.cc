// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/line_splitter.h"

namespace telltale {
namespace {

bool Give(std::string_view text, FunctionRef<bool(std::string_view)> line) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.find_first_not_of(" \t") == std::string_view::npos) return true;
  return line(text);
}

}  // namespace

LineSplitter::Fed LineSplitter::Feed(std::string_view piece,
                                     FunctionRef<bool(std::string_view)> line) {
  while (true) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (partial_.size() + part.size() > max_line_) return Fed::kTooLong;
    if (end == std::string_view::npos) {
      partial_.append(part);
      return Fed::kMore;
    }
    piece.remove_prefix(end + 1);
    if (partial_.empty()) {
      if (!Give(part, line)) return Fed::kStopped;
      continue;
    }
    partial_.append(part);
    const bool more = Give(partial_, line);
    partial_.clear();
    if (!more) return Fed::kStopped;
  }
}

}  // namespace telltale

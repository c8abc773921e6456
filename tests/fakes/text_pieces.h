// SPDX-License-Identifier: Apache-2.0
//
// A body in pieces that is cut from one text, for tests of those who read bodies in pieces.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/net/http/body_pieces.h"

namespace telltale {

class TextPieces final : public BodyPieces {
 public:
  explicit TextPieces(std::string text, std::size_t piece = std::string::npos)
      : text_(std::move(text)), piece_(piece) {}

  std::size_t size() const override { return text_.size(); }
  std::size_t Next(Cursor& at, std::span<std::string_view> out) const override {
    std::size_t count = 0;
    while (count < out.size() && at.piece < text_.size()) {
      out[count] = std::string_view(text_).substr(at.piece, piece_);
      at.piece += out[count++].size();
    }
    return count;
  }

 private:
  const std::string text_;
  const std::size_t piece_;
};

inline std::shared_ptr<const BodyPieces> InPieces(std::string text,
                                                  std::size_t piece = std::string::npos) {
  return std::make_shared<TextPieces>(std::move(text), piece);
}

}  // namespace telltale

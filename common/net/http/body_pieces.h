// SPDX-License-Identifier: Apache-2.0
//
// BodyPieces: the body of a response that lies in many pieces which many readers share, as the
// discovery document does: tens of megabytes that are served without a copy, while newer ones are
// already being made of mostly the same pieces. Implemented by operator/store's Document; read by
// the HTTP server. Immutable, so any thread may read.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace telltale {

class BodyPieces {
 public:
  // A place in the body; its meaning is the implementation's. A new one is the start.
  struct Cursor {
    std::size_t page = 0, piece = 0;
  };
  virtual ~BodyPieces() = default;

  // Bytes of all pieces together.
  virtual std::size_t size() const = 0;
  // Fills `out` with the pieces that follow `at`, as many as there is room for, and moves `at` on.
  // How many they were: 0 at the end only. A piece may be empty.
  virtual std::size_t Next(Cursor& at, std::span<std::string_view> out) const = 0;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// SharedText: immutable bytes in one allocation, with a number of the owner's beside them. Used for
// interned strings and for the fragments of the discovery document. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "operator/store/ref.h"

namespace telltale {

class SharedText final : public RefCounted<SharedText> {
 public:
  static Ref<const SharedText> Make(std::string_view text, std::uint32_t number = 0);
  static void Destroy(const SharedText* text);

  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  std::uint32_t number() const { return number_; }

 private:
  SharedText(std::uint32_t size, std::uint32_t number) : size_(size), number_(number) {}
  ~SharedText() = default;

  std::uint32_t size_;
  std::uint32_t number_;
};
using TextRef = Ref<const SharedText>;

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/store/shared_text.h"

#include <cstring>
#include <new>

namespace telltale {

TextRef SharedText::Make(std::string_view text, std::uint32_t number) {
  void* memory = ::operator new(sizeof(SharedText) + text.size());
  auto* made = new (memory) SharedText(static_cast<std::uint32_t>(text.size()), number);
  if (!text.empty()) std::memcpy(reinterpret_cast<char*>(made + 1), text.data(), text.size());
  return TextRef(made);
}

void SharedText::Destroy(const SharedText* text) {
  text->~SharedText();
  ::operator delete(const_cast<SharedText*>(text));
}

}  // namespace telltale

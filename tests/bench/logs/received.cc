// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/logs/received.h"

#include "common/base/varint.h"

namespace telltale::bench {
namespace {

// Calls `field` with each field of a message, bytes or number; false when it is none.
template <class Field>
bool Walk(std::string_view message, Field field) {
  while (!message.empty()) {
    std::uint64_t tag, number = 0;
    std::string_view bytes;
    if (!TakeVarint(message, tag)) return false;
    if ((tag & 7) == 0) {
      if (!TakeVarint(message, number)) return false;
    } else if ((tag & 7) != 2 || !TakeBytes(message, bytes)) {
      return false;
    }
    if (!field(tag >> 3, bytes, number)) return false;
  }
  return true;
}

// The value of the label `level`, or nothing.
std::string_view LevelLabel(std::string_view labels) {
  constexpr std::string_view kName = "level=\"";
  const std::size_t at = labels.find(kName);
  if (at == labels.npos) return {};
  labels.remove_prefix(at + kName.size());
  return labels.substr(0, labels.find('"'));
}

}  // namespace

bool Received::Add(std::string_view request, FunctionRef<void(std::string_view)> line) {
  using Bytes = std::string_view;
  return Walk(request, [&](std::uint64_t, Bytes stream, std::uint64_t) {
    Bytes level;
    return Walk(stream, [&](std::uint64_t field, Bytes entry, std::uint64_t) {
      if (field == 1) {
        streams.emplace(entry);
        level = LevelLabel(entry);
      }
      if (field != 2) return true;
      std::int64_t time = 0;
      Bytes text;
      const auto part = [&](std::uint64_t unit, Bytes, std::uint64_t value) {
        time += static_cast<std::int64_t>(value) * (unit == 1 ? 1'000'000'000 : 1);
        return true;
      };
      const bool valid = Walk(entry, [&](std::uint64_t name, Bytes bytes, std::uint64_t) {
        if (name == 2) text = bytes;
        return name != 1 || Walk(bytes, part);
      });
      if (!level.empty() && level != LevelOf(text)) ++misplaced;
      digest.Add(time, text);
      line(text);
      return valid;
    });
  });
}

}  // namespace telltale::bench

// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/base/ascii.h"
#include "sidecar/pipeline/time/go_time_reader.h"

namespace telltale {
namespace {

using Part = TimeFormat::Part;

struct Token {
  std::string_view text;
  Part part;
};

// Longer ones come before those that they begin with.
constexpr Token kTokens[] = {{"January", Part::kLongMonth},
                             {"Monday", Part::kLongWeekDay},
                             {"MST", Part::kTZ},
                             {"002", Part::kZeroYearDay},
                             {"01", Part::kZeroMonth},
                             {"02", Part::kZeroDay},
                             {"03", Part::kZeroHour12},
                             {"04", Part::kZeroMinute},
                             {"05", Part::kZeroSecond},
                             {"06", Part::kYear},
                             {"15", Part::kHour},
                             {"1", Part::kNumMonth},
                             {"2006", Part::kLongYear},
                             {"2", Part::kDay},
                             {"__2", Part::kUnderYearDay},
                             {"_2", Part::kUnderDay},
                             {"3", Part::kHour12},
                             {"4", Part::kMinute},
                             {"5", Part::kSecond},
                             {"PM", Part::kPM},
                             {"pm", Part::kpm},
                             {"-070000", Part::kNumSeconds},
                             {"-07:00:00", Part::kNumColonSeconds},
                             {"-0700", Part::kNum},
                             {"-07:00", Part::kNumColon},
                             {"-07", Part::kNumShort},
                             {"Z070000", Part::kZSeconds},
                             {"Z07:00:00", Part::kZColonSeconds},
                             {"Z0700", Part::kZ},
                             {"Z07:00", Part::kZColon},
                             {"Z07", Part::kZShort}};

bool DigitAt(std::string_view text, std::size_t i) { return i < text.size() && IsDigit(text[i]); }

bool LowerAt(std::string_view text, std::size_t i) { return i < text.size() && IsLower(text[i]); }

// The part that the layout begins with; its length, or 0.
std::size_t PartAt(std::string_view layout, TimeFormat::Piece& piece) {
  if ((layout[0] == '.' || layout[0] == ',') && layout.size() > 1 &&
      (layout[1] == '0' || layout[1] == '9')) {
    std::size_t end = layout.find_first_not_of(layout[1], 1);
    if (end == layout.npos) end = layout.size();
    if (DigitAt(layout, end)) return 0;
    piece.part = layout[1] == '0' ? Part::kFraction0 : Part::kFraction9;
    piece.digits = static_cast<int>(end - 1);
    return end;
  }
  for (const Token& token : kTokens) {
    if (!layout.starts_with(token.text)) continue;
    if (token.part == Part::kUnderDay && layout.starts_with("_2006")) return 0;
    piece.part = token.part;
    return token.text.size();
  }
  for (const auto& [text, part] : {Token{"Jan", Part::kMonth}, Token{"Mon", Part::kWeekDay}}) {
    if (!layout.starts_with(text) || LowerAt(layout, 3)) continue;
    piece.part = part;
    return 3;
  }
  return 0;
}

}  // namespace

std::string SplitLayout(std::string_view layout, std::vector<TimeFormat::Piece>& pieces) {
  std::string before;
  while (!layout.empty()) {
    TimeFormat::Piece piece{{}, Part::kLongMonth, 0};
    const std::size_t length = PartAt(layout, piece);
    if (length == 0) {
      before += layout[0];
      layout.remove_prefix(1);
      continue;
    }
    piece.before.swap(before);
    pieces.push_back(std::move(piece));
    layout.remove_prefix(length);
  }
  return before;
}

bool IsFraction(Part part) { return part == Part::kFraction0 || part == Part::kFraction9; }

}  // namespace telltale

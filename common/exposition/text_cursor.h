// SPDX-License-Identifier: Apache-2.0
//
// One line of a text exposition, read from left to right. At the end of the line stands its '\n'.
// A line that the input cuts off has none: reading its end sets `cut`, and what was read of it is
// worthless. Used by the parsers of text and OpenMetrics. Thread-compatible.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telltale {

class TextCursor {
 public:
  TextCursor(std::string_view line, bool has_end) : line_(line), has_end_(has_end) {}

  // The character here; '\n' at the end.
  char Peek() {
    if (at_ < line_.size()) return line_[at_];
    if (!has_end_) cut_ = true;
    return '\n';
  }
  void Skip() { ++at_; }
  // Skips `c` if it is here.
  bool Take(char c) {
    if (at_ >= line_.size() || line_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() { return Peek() == '\n'; }
  bool AtBlank() {
    const char c = Peek();
    return c == ' ' || c == '\t';
  }
  void SkipBlanks() {
    while (AtBlank()) Skip();
  }
  // Up to the next blank or the end.
  std::string_view Word();
  std::string_view Rest();
  // [a-zA-Z_:][a-zA-Z0-9_:]*, for labels without the colon; empty if there is none here.
  std::string_view MetricName() { return Name(true); }
  std::string_view LabelName() { return Name(false); }
  // The text up to the closing quote, which is skipped. The opening one was skipped by the caller.
  // False with a sentence for an unknown escape or without a closing quote.
  bool Quoted(std::string& out, std::string& problem);

  bool cut() const { return cut_; }

 private:
  std::string_view Name(bool colon);

  std::string_view line_;
  std::size_t at_ = 0;
  bool has_end_;
  bool cut_ = false;
};

}  // namespace telltale

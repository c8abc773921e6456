// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/json_paths.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "common/base/ascii.h"
#include "sidecar/pipeline/json_text.h"
#include "sidecar/pipeline/string_scan.h"

namespace telltale {
namespace {

using Mask = std::uint64_t;  // which paths lead here

class Walker {
 public:
  Walker(std::string_view text, const std::vector<JsonPaths::Path>& paths, Arena& arena,
         std::span<Value> out)
      : p_(text.data()), end_(p_ + text.size()), paths_(paths), arena_(arena), out_(out) {}

  bool Run() {
    Space();
    if (p_ == end_) return false;
    if (*p_ == 'n') {
      if (!Literal("null")) return false;
    } else if (*p_ != '{' || !Object(All(), 0)) {
      return false;
    }
    Space();
    return p_ == end_;
  }

 private:
  Mask All() const { return paths_.size() == 64 ? ~Mask{0} : (Mask{1} << paths_.size()) - 1; }

  void Space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  }
  bool At(char c) const { return p_ != end_ && *p_ == c; }

  bool Literal(std::string_view word) {
    if (static_cast<std::size_t>(end_ - p_) < word.size() ||
        std::memcmp(p_, word.data(), word.size()) != 0) {
      return false;
    }
    p_ += word.size();
    return true;
  }

  bool Digits() {
    if (p_ == end_ || !IsDigit(*p_)) return false;
    while (p_ != end_ && IsDigit(*p_)) ++p_;
    return true;
  }
  bool Number() {
    if (At('-')) ++p_;
    if (At('0')) {
      ++p_;
    } else if (!Digits()) {
      return false;
    }
    if (At('.')) {
      ++p_;
      if (!Digits()) return false;
    }
    if (At('e') || At('E')) {
      ++p_;
      if (At('+') || At('-')) ++p_;
      if (!Digits()) return false;
    }
    return true;
  }

  // From behind the first quote to behind the last; `body` is what is between.
  bool String(std::string_view& body) {
    const char* const start = p_;
    bool escaped = false;
    while (true) {
      p_ = FindStringSpecial(p_, end_);
      if (p_ == end_) return false;
      if (*p_ == '"') break;
      if (*p_ != '\\') {
        // Promtail's parser refuses control characters only before the first backslash.
        if (!escaped) return false;
        ++p_;
        continue;
      }
      escaped = true;
      if (end_ - p_ < 2) return false;
      const char c = p_[1];
      p_ += 2;
      if (c == 'u') {
        if (end_ - p_ < 4 || !IsHexDigit(p_[0]) || !IsHexDigit(p_[1]) || !IsHexDigit(p_[2]) ||
            !IsHexDigit(p_[3])) {
          return false;
        }
        p_ += 4;
      } else if (std::memchr("\"\\/bfnrt", c, 8) == nullptr) {
        return false;
      }
    }
    body = {start, static_cast<std::size_t>(p_ - start)};
    ++p_;
    return true;
  }

  // The paths of `mask` whose step at `depth` this key is.
  Mask Matching(Mask mask, std::size_t depth, std::string_view key) {
    Mask found = 0;
    for (; mask != 0; mask &= mask - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(mask));
      const JsonPaths::Step& step = paths_[i][depth];
      if (step.index < 0 && step.name == key) found |= Mask{1} << i;
    }
    return found;
  }

  // The same name may come again; the last one counts.
  void Forget(Mask mask) {
    for (; mask != 0; mask &= mask - 1) {
      out_[static_cast<std::size_t>(std::countr_zero(mask))] = {{}, Value::Kind::kNull};
    }
  }

  bool Object(Mask mask, std::size_t depth) {
    if (depth >= JsonPaths::kMaxDepth) return false;
    ++p_;
    Space();
    if (At('}')) {
      ++p_;
      return true;
    }
    while (true) {
      std::string_view key;
      Space();
      if (!At('"')) return false;
      ++p_;
      if (!String(key)) return false;
      Space();
      if (!At(':')) return false;
      ++p_;
      Mask wanted = 0;
      if (mask != 0) {
        wanted = Matching(mask, depth, UnescapeJson(key, arena_));
        if (wanted != 0) Forget(wanted);
      }
      if (!Member(wanted, depth + 1)) return false;
      Space();
      if (At('}')) break;
      if (!At(',')) return false;
      ++p_;
    }
    ++p_;
    return true;
  }

  bool Array(Mask mask, std::size_t depth) {
    if (depth >= JsonPaths::kMaxDepth) return false;
    ++p_;
    Space();
    if (At(']')) {
      ++p_;
      return true;
    }
    for (int index = 0;; ++index) {
      Mask wanted = 0;
      for (Mask rest = mask; rest != 0; rest &= rest - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(rest));
        if (paths_[i][depth].index == index) wanted |= Mask{1} << i;
      }
      if (!Member(wanted, depth + 1)) return false;
      Space();
      if (At(']')) break;
      if (!At(',')) return false;
      ++p_;
    }
    ++p_;
    return true;
  }

  // A value; `mask` are the paths that lead to it or through it, `depth` their steps so far.
  bool Member(Mask mask, std::size_t depth) {
    Space();
    if (p_ == end_) return false;
    Mask deeper = 0;
    for (Mask rest = mask; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      if (paths_[i].size() > depth) deeper |= Mask{1} << i;
    }
    const char* const start = p_;
    Value value{{}, Value::Kind::kText};
    switch (*p_) {
      case '"':
        ++p_;
        if (!String(value.text)) return false;
        if (mask != deeper) value.text = UnescapeJson(value.text, arena_);
        break;
      case '{':
        if (!Object(deeper, depth)) return false;
        if (mask != deeper) value.text = Canonical(start);
        break;
      case '[':
        if (!Array(deeper, depth)) return false;
        if (mask != deeper) value.text = Canonical(start);
        break;
      case 't':
      case 'f':
        if (!Literal(*p_ == 't' ? "true" : "false")) return false;
        value = {{start, static_cast<std::size_t>(p_ - start)}, Value::Kind::kBool};
        break;
      case 'n':
        if (!Literal("null")) return false;
        value.kind = Value::Kind::kNull;
        break;
      default: {
        if (!Number()) return false;
        const std::string_view number(start, static_cast<std::size_t>(p_ - start));
        if (mask != deeper && !PrintJsonNumber(number, arena_, value.text)) return false;
      }
    }
    for (Mask rest = mask & ~deeper; rest != 0; rest &= rest - 1) {
      out_[static_cast<std::size_t>(std::countr_zero(rest))] = value;
    }
    return true;
  }

  std::string_view Canonical(const char* start) {
    std::string text;
    AppendCanonicalJson({start, static_cast<std::size_t>(p_ - start)}, text);
    return arena_.Copy(text);
  }

  const char* p_;
  const char* end_;
  const std::vector<JsonPaths::Path>& paths_;
  Arena& arena_;
  std::span<Value> out_;
};

}  // namespace

bool JsonPaths::Extract(std::string_view text, Arena& arena, std::span<Value> out) const {
  for (Value& value : out) value = {{}, Value::Kind::kNull};
  return Walker(text, paths_, arena, out).Run();
}

}  // namespace telltale

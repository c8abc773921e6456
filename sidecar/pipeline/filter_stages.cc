// SPDX-License-Identifier: Apache-2.0
//
// drop, sample and limit: which lines are let through. None of them looks at a clock or rolls a
// die, so a batch that is read again keeps the same lines.
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

class DropStage : public Stage {
 public:
  DropStage(const DropSpec& spec, std::optional<Regex> regex, std::vector<std::size_t> sources)
      : spec_(spec), regex_(std::move(regex)), sources_(std::move(sources)) {}

  bool Run(LineState& line) const override {
    if (!Drops(line)) return true;
    line.drop_reason = spec_.reason;
    return false;
  }

 private:
  bool Drops(const LineState& line) const {
    if (spec_.longer_than && line.text.size() <= static_cast<std::size_t>(*spec_.longer_than)) {
      return false;
    }
    if (spec_.older_than_ms && line.time >= line.now - *spec_.older_than_ms * kMillisecond) {
      return false;
    }
    if (sources_.empty()) return !regex_ || regex_->Matches(line.text);
    if (!regex_ && !spec_.value) {
      for (const std::size_t slot : sources_) {
        if (!line.values[slot].present()) return false;
      }
      return true;
    }
    std::string_view text;
    std::string joined;
    std::size_t count = 0;
    for (const std::size_t slot : sources_) {
      const Value& value = line.values[slot];
      if (!value.present()) continue;
      if (!value.has_text()) return false;
      if (count == 0) {
        text = value.text;
      } else {
        if (count == 1) joined = text;
        joined.append(spec_.separator).append(value.text);
        text = joined;
      }
      ++count;
    }
    return spec_.value ? text == *spec_.value : regex_->Matches(text);
  }

  DropSpec spec_;
  std::optional<Regex> regex_;
  std::vector<std::size_t> sources_;
};

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  a ^= b;
  a *= 0x9e3779b97f4a7c15u;
  return a ^ a >> 29;
}

// The same line of the same file is kept or dropped whenever it is read: the die is its place and
// its text.
class SampleStage : public Stage {
 public:
  explicit SampleStage(const SampleSpec& spec)
      : reason_(spec.reason), boundary_(Boundary(spec.rate)) {}

  bool Run(LineState& line) const override {
    std::uint64_t hash = Mix(line.file_hash, line.offset + 1);
    const char* p = line.text.data();
    std::size_t rest = line.text.size();
    for (; rest >= 8; rest -= 8, p += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, 8);
      hash = Mix(hash, word);
    }
    std::uint64_t word = rest;
    if (rest > 0) std::memcpy(&word, p, rest);
    hash = Mix(Mix(hash, word), line.text.size());
    hash = Mix(hash, hash >> 32);
    if (hash >> 1 < boundary_) return true;
    line.drop_reason = reason_;
    return false;
  }

 private:
  static std::uint64_t Boundary(double rate) {
    constexpr std::uint64_t kAll = std::uint64_t{1} << 63;
    return rate >= 1 ? kAll : static_cast<std::uint64_t>(std::ldexp(rate, 63));
  }

  std::string reason_;
  std::uint64_t boundary_;
};

// A bucket of `burst` lines that `rate` lines per second fill, by the time that lines came with:
// after an hour without Loki the lines of each second are counted in that second.
class LimitStage : public Stage {
 public:
  LimitStage(const LimitSpec& spec, std::size_t memory)
      : rate_(spec.rate), burst_(static_cast<double>(spec.burst)), memory_(memory) {}

  bool Run(LineState& line) const override {
    std::int64_t& last = line.memory[memory_];
    std::int64_t& bits = line.memory[memory_ + 1];
    double tokens = last == 0 ? burst_ : std::bit_cast<double>(bits);
    if (line.read_time > last || last - line.read_time > kClockSetBack) {
      if (line.read_time > last && last != 0) {
        tokens += rate_ * static_cast<double>(line.read_time - last) / 1e9;
      }
      last = line.read_time;
    }
    tokens = std::min(tokens, burst_);
    const bool pass = tokens >= 1;
    bits = std::bit_cast<std::int64_t>(pass ? tokens - 1 : tokens);
    if (!pass) line.drop_reason = "ratelimit_drop_stage";
    return pass;
  }

 private:
  // A time so far ahead was a clock gone wrong.
  static constexpr std::int64_t kClockSetBack = 300'000'000'000;

  double rate_, burst_;
  std::size_t memory_;
};

// The file is read more slowly instead; BatchBuilder and the worker see to it.
class PaceStage : public Stage {
 public:
  bool Run(LineState&) const override { return true; }
};

}  // namespace

Result<StagePtr> MakeStage(const DropSpec& spec, StageContext& context) {
  if (spec.sources.empty() && spec.expression.empty() && !spec.older_than_ms && !spec.longer_than) {
    return Fail(Code::kInvalid,
                "needs at least one of source, expression, olderThan and longerThan");
  }
  if (spec.value && spec.sources.empty()) return Fail(Code::kInvalid, "value needs a source");
  if (spec.value && !spec.expression.empty()) {
    return Fail(Code::kInvalid, "takes value or expression, not both");
  }
  std::optional<Regex> regex;
  if (!spec.expression.empty()) {
    auto compiled = Regex::Compile(spec.expression);
    if (!compiled) return Context("expression", compiled.error());
    regex.emplace(std::move(*compiled));
  }
  std::vector<std::size_t> sources;
  for (const std::string& source : spec.sources) {
    if (source.empty()) return Fail(Code::kInvalid, "source must name a value");
    sources.push_back(static_cast<std::size_t>(context.Slot(source)));
  }
  return StagePtr(std::make_unique<DropStage>(spec, std::move(regex), std::move(sources)));
}

Result<StagePtr> MakeStage(const SampleSpec& spec, StageContext&) {
  if (!(spec.rate >= 0 && spec.rate <= 1)) {
    return Fail(Code::kInvalid, "rate must be from 0, nothing, to 1, everything");
  }
  return StagePtr(std::make_unique<SampleStage>(spec));
}

Result<StagePtr> MakeStage(const LimitSpec& spec, StageContext& context) {
  if (!(spec.rate > 0) || spec.burst < 1) {
    return Fail(Code::kInvalid,
                "rate, lines per second, and burst, lines at once, must be above 0");
  }
  if (!spec.drop) return StagePtr(std::make_unique<PaceStage>());
  return StagePtr(std::make_unique<LimitStage>(spec, context.Memory(2)));
}

}  // namespace telltale

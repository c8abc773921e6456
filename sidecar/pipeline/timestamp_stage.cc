// SPDX-License-Identifier: Apache-2.0
//
// timestamp: the time of a line from a value.
#include <utility>

#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/time/go_time.h"

namespace telltale {
namespace {

constexpr std::size_t kStreams = 3;  // of LogStream

class TimestampStage : public Stage {
 public:
  struct Failures {
    std::size_t no_value, format;
  };
  TimestampStage(std::vector<TimeFormat> formats, std::size_t slot, bool fudge, std::size_t memory,
                 Failures failures)
      : formats_(std::move(formats)),
        slot_(slot),
        fudge_(fudge),
        memory_(memory),
        failures_(failures) {}

  // A line with the time of the line before gets 1 ns more: Loki keeps one of several lines with
  // the same time and text, and many applications write whole seconds.
  bool Run(LineState& line) const override {
    const auto last = line.memory.subspan(memory_ + 2 * static_cast<std::size_t>(line.stream), 2);
    std::int64_t& parsed = last[0];
    std::int64_t& given = last[1];
    const Value& value = line.values[slot_];
    std::optional<std::int64_t> time;
    for (std::size_t i = 0; value.has_text() && !time && i < formats_.size(); ++i) {
      time = formats_[i].Parse(value.text, line.now);
    }
    if (time) {
      given = *time == parsed ? given + 1 : *time;
      parsed = *time;
      line.time = given;
      return true;
    }
    line.Failed(value.has_text() ? failures_.format : failures_.no_value,
                value.has_text() ? value.text : line.text);
    if (fudge_ && given != 0) {
      line.time = ++given;
    }
    return true;
  }

 private:
  std::vector<TimeFormat> formats_;
  std::size_t slot_;
  bool fudge_;
  std::size_t memory_;
  Failures failures_;
};

}  // namespace

Result<StagePtr> MakeStage(const TimestampSpec& spec, StageContext& context) {
  if (spec.source.empty()) return Fail(Code::kInvalid, "needs a source: the name of a value");
  if (spec.format.empty()) return Fail(Code::kInvalid, "needs a format such as RFC3339");
  std::shared_ptr<const TimeZone> zone;
  if (!spec.location.empty() && spec.location != "UTC") {
    auto loaded = TimeZone::Load(spec.location);
    if (!loaded) return Context("location", loaded.error());
    zone = *loaded;
  }
  std::vector<TimeFormat> formats;
  auto add = [&](std::string_view format) -> Status {
    auto compiled = TimeFormat::Compile(format, zone);
    if (!compiled) return Context("format", compiled.error());
    formats.push_back(std::move(*compiled));
    return {};
  };
  TELLTALE_TRY(add(spec.format));
  for (const std::string& format : spec.fallback_formats) TELLTALE_TRY(add(format));
  return StagePtr(std::make_unique<TimestampStage>(
      std::move(formats), static_cast<std::size_t>(context.Slot(spec.source)), spec.fudge,
      context.Memory(2 * kStreams),
      TimestampStage::Failures{context.Failure("timestamp", "no_value"),
                               context.Failure("timestamp", "format")}));
}

}  // namespace telltale

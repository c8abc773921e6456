// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/limits.h"

#include <algorithm>
#include <ctime>
#include <map>

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kMaxSentences = 10;  // about refused lines, in one answer

}  // namespace

LokiLimits LokiLimits::None() {
  LokiLimits none;
  none.oldest_seconds = none.newest_seconds = none.behind_seconds = 0;
  none.max_line = none.max_label_names = none.max_label_name = none.max_label_value = 0;
  none.need_labels = false;
  none.max_streams = none.max_body = 0;
  none.rate = none.burst = none.stream_rate = none.stream_burst = 0;
  return none;
}

LokiLimits LokiLimits::Of22() {
  LokiLimits limits;
  limits.v22 = true;
  limits.behind_seconds = 0;
  limits.max_line = 0;
  limits.max_label_names = 30;
  limits.need_labels = false;
  limits.max_streams = 10'000;
  limits.max_body = 0;
  limits.stream_rate = limits.stream_burst = 0;
  return limits;
}

bool LokiBucket::Take(double wanted, double rate, double burst, std::int64_t now) {
  if (rate == 0) return true;
  if (tokens < 0) {
    tokens = burst;
  } else {
    const double elapsed = static_cast<double>(now - at) / static_cast<double>(kSecond);
    tokens = std::min(burst, tokens + std::max(elapsed, 0.0) * rate);
  }
  at = now;
  if (wanted > tokens) return false;
  tokens -= wanted;
  return true;
}

std::optional<std::string> UnreadableBy22(const LokiPush& push) {
  if (push.Header("content-encoding") == "deflate") {
    return "Content-Encoding \"deflate\" not supported";
  }
  // Only this very text is JSON to it, and all else is protobuf.
  if (push.content_type.starts_with("application/json;")) return "snappy: corrupt input";
  if (push.json_metadata) return "loghttp.PushRequest: array must contains 2 values";
  return std::nullopt;
}

std::optional<std::string> CheckLokiLabels(const LokiLimits& limits, const std::string& text,
                                           std::string& formatted) {
  std::map<std::string, std::string> labels;
  if (!ParseLokiLabels(text, labels)) {
    return "error parsing labels '" + text + "' with error: parse error";
  }
  formatted = FormatLokiLabels(labels);
  if (labels.empty() && limits.need_labels) {
    return "error at least one label pair is required per stream";
  }
  if (limits.max_label_names > 0 && labels.size() > limits.max_label_names) {
    return "entry for stream '" + formatted + "' has " + std::to_string(labels.size()) +
           " label names; limit " + std::to_string(limits.max_label_names);
  }
  for (const auto& [name, value] : labels) {
    if (limits.max_label_name > 0 && name.size() > limits.max_label_name) {
      return "stream '" + formatted + "' has label name too long: '" + name + "'";
    }
    if (limits.max_label_value > 0 && value.size() > limits.max_label_value) {
      return "stream '" + formatted + "' has label value too long: '" + value + "'";
    }
  }
  return std::nullopt;
}

std::optional<std::string> CheckLokiEntry(const LokiLimits& limits, const std::string& labels,
                                          const LokiEntry& entry, std::int64_t now) {
  const std::string stream = "entry for stream '" + labels + "' has timestamp too ";
  if (limits.oldest_seconds > 0 && entry.time < now - limits.oldest_seconds * kSecond) {
    return stream + "old: " + LokiTime(entry.time) +
           ", oldest acceptable timestamp is: " + LokiTime(now - limits.oldest_seconds * kSecond);
  }
  if (limits.newest_seconds > 0 && entry.time > now + limits.newest_seconds * kSecond) {
    return stream + "new: " + LokiTime(entry.time);
  }
  if (limits.max_line > 0 && entry.line.size() > limits.max_line) {
    return std::string(limits.v22 ? "Max" : "max") + " entry size '" +
           std::to_string(limits.max_line) + "' bytes exceeded for stream '" + labels +
           "' while adding an entry with length '" + std::to_string(entry.line.size()) + "' bytes";
  }
  return std::nullopt;
}

void LokiSentences::Add(std::string sentence) {
  last_ = sentence;
  for (auto& [known, count] : sentences_) {
    if (known == sentence) {
      ++count;
      return;
    }
  }
  sentences_.emplace_back(std::move(sentence), 1);
}

// One alone is said as it is, several with their number.
std::string LokiSentences::Text(const LokiLimits& limits) const {
  if (limits.v22 || (sentences_.size() == 1 && sentences_[0].second == 1)) return last_ + "\n";
  std::string out;
  for (const auto& [sentence, count] : sentences_) {
    if (!out.empty()) out += "; ";
    out += std::to_string(count) + " errors like: " + sentence;
  }
  return out + "\n";
}

void LokiRefusals::Add(const LokiEntry& entry, const std::string& reason) {
  if (++count_ > kMaxSentences) return;
  text_ += "entry with timestamp " + LokiTime(entry.time) + " ignored, reason: '" + reason + "'";
  if (v22_) text_ += " for stream: " + labels_;
  text_ += ",\n";
}

std::string LokiRefusals::Text(std::size_t lines) const {
  std::string out = text_;
  if (!v22_) out += "user '" + tenant_ + "', ";
  out += "total ignored: " + std::to_string(count_) + " out of " + std::to_string(lines);
  if (!v22_) out += " for stream: " + labels_;
  return out + "\n";
}

std::size_t LokiEntrySize(const LokiEntry& entry) {
  std::size_t size = entry.line.size();
  for (const auto& [name, value] : entry.metadata) size += name.size() + value.size();
  return size;
}

std::string LokiTime(std::int64_t nanos) {
  const std::time_t seconds = nanos / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

}  // namespace telltale

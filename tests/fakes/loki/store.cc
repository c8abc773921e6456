// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/store.h"

#include <algorithm>
#include <ctime>
#include <iterator>

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kMaxSentences = 10;  // about refused lines, in one answer

std::string Rfc3339(std::int64_t nanos) {
  const std::time_t seconds = nanos / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::size_t SizeOf(const LokiEntry& entry) {
  std::size_t size = entry.line.size();
  for (const auto& [name, value] : entry.metadata) size += name.size() + value.size();
  return size;
}

// The lines that a stream refused: the first ten by name.
struct Refusals {
  std::string text;
  std::size_t count = 0;
  void Add(const LokiEntry& entry, const std::string& reason) {
    if (++count > kMaxSentences) return;
    text += "entry with timestamp " + Rfc3339(entry.time) + " ignored, reason: '" + reason + "',\n";
  }
};

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

bool LokiStore::Bucket::Take(double wanted, double rate, double burst, std::int64_t now) {
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

void LokiStore::Told::Add(std::string sentence) {
  for (auto& [known, count] : sentences) {
    if (known == sentence) {
      ++count;
      return;
    }
  }
  sentences.emplace_back(std::move(sentence), 1);
}

// One alone is said as it is, several with their number.
std::string LokiStore::Told::Text() const {
  if (sentences.size() == 1 && sentences[0].second == 1) return sentences[0].first + "\n";
  std::string out;
  for (const auto& [sentence, count] : sentences) {
    if (!out.empty()) out += "; ";
    out += std::to_string(count) + " errors like: " + sentence;
  }
  return out + "\n";
}

std::string LokiStore::Key(const std::string& tenant, const std::string& labels,
                           const LokiEntry& entry) {
  std::string key = tenant + "\n" + labels + std::to_string(entry.time) + " " + entry.line;
  for (const auto& [name, value] : entry.metadata) key += "\n" + name + "=" + value;
  return key;
}

std::optional<std::string> LokiStore::CheckLabels(const std::string& text,
                                                  std::string& formatted) const {
  std::map<std::string, std::string> labels;
  if (!ParseLokiLabels(text, labels)) {
    return "error parsing labels '" + text + "' with error: parse error";
  }
  formatted = FormatLokiLabels(labels);
  if (labels.empty() && limits_.need_labels) {
    return "error at least one label pair is required per stream";
  }
  if (limits_.max_label_names > 0 && labels.size() > limits_.max_label_names) {
    return "entry for stream '" + formatted + "' has " + std::to_string(labels.size()) +
           " label names; limit " + std::to_string(limits_.max_label_names);
  }
  for (const auto& [name, value] : labels) {
    if (limits_.max_label_name > 0 && name.size() > limits_.max_label_name) {
      return "stream '" + formatted + "' has label name too long: '" + name + "'";
    }
    if (limits_.max_label_value > 0 && value.size() > limits_.max_label_value) {
      return "stream '" + formatted + "' has label value too long: '" + value + "'";
    }
  }
  return std::nullopt;
}

std::optional<std::string> LokiStore::CheckEntry(const std::string& labels, const LokiEntry& entry,
                                                 std::int64_t now) const {
  const std::string stream = "entry for stream '" + labels + "' has timestamp too ";
  if (limits_.oldest_seconds > 0 && entry.time < now - limits_.oldest_seconds * kSecond) {
    return stream + "old: " + Rfc3339(entry.time) +
           ", oldest acceptable timestamp is: " + Rfc3339(now - limits_.oldest_seconds * kSecond);
  }
  if (limits_.newest_seconds > 0 && entry.time > now + limits_.newest_seconds * kSecond) {
    return stream + "new: " + Rfc3339(entry.time);
  }
  if (limits_.max_line > 0 && entry.line.size() > limits_.max_line) {
    return "max entry size '" + std::to_string(limits_.max_line) + "' bytes exceeded for stream '" +
           labels + "' while adding an entry with length '" + std::to_string(entry.line.size()) +
           "' bytes";
  }
  return std::nullopt;
}

LokiStore::Verdict LokiStore::Push(const LokiPush& push, std::int64_t now) {
  if (limits_.max_body > 0 && push.body.size() > limits_.max_body) {
    return {413, "request body too large\n"};
  }
  if (!push.valid) return {400, push.problem + "\n"};
  if (push.empty) return {422, "error at least one valid stream is required for ingestion\n"};
  Told told;
  std::vector<Passed> all;
  std::size_t bytes = 0, lines = 0;
  for (const LokiStream* stream : push.streams()) {
    if (stream->entries.empty()) continue;
    Passed passed;
    if (auto wrong = CheckLabels(stream->labels, passed.labels)) {
      told.Add(*wrong);
      continue;
    }
    for (const LokiEntry& entry : stream->entries) {
      if (auto wrong = CheckEntry(passed.labels, entry, now)) {
        told.Add(*wrong);
        continue;
      }
      passed.entries.push_back(&entry);
      bytes += SizeOf(entry);
      ++lines;
    }
    if (!passed.entries.empty()) all.push_back(std::move(passed));
  }
  if (!tenants_[push.tenant].Take(static_cast<double>(bytes), limits_.rate, limits_.burst, now)) {
    return {429, "ingestion rate limit exceeded for user " + push.tenant +
                     " (limit: " + std::to_string(static_cast<std::int64_t>(limits_.rate)) +
                     " bytes/sec) while attempting to ingest '" + std::to_string(lines) +
                     "' lines totaling '" + std::to_string(bytes) + "' bytes\n"};
  }
  Verdict verdict;
  for (const Passed& passed : all) {
    Verdict one = Ingest(push.tenant, passed, now);
    if (one.status != 204) verdict = std::move(one);
  }
  if (verdict.status == 204 && !told.sentences.empty()) return {400, told.Text()};
  return verdict;
}

LokiStore::Verdict LokiStore::Ingest(const std::string& tenant, const Passed& passed,
                                     std::int64_t now) {
  auto found = states_.find({tenant, passed.labels});
  if (found == states_.end()) {
    if (limits_.max_streams > 0 && states_.size() >= limits_.max_streams) {
      return {429, "maximum active stream limit exceeded when trying to create stream " +
                       passed.labels + ", reduce the number of active streams\n"};
    }
    found =
        states_.emplace(std::pair(tenant, passed.labels), State{streams_.size(), 0, {}, {}}).first;
    streams_.push_back({tenant, passed.labels, {}});
  }
  State& state = found->second;
  Refusals ignored;
  std::vector<const LokiEntry*> good;
  std::size_t bytes = 0;
  std::int64_t newest = state.newest;
  for (const LokiEntry* entry : passed.entries) {
    if (*entry == (good.empty() ? state.last : *good.back())) {
      ++duplicates_;  // and does not count for the rate
      continue;
    }
    const std::string key = Key(tenant, passed.labels, *entry);
    const bool condemned = condemned_.contains(key) && !seen_.contains(key);
    const std::int64_t oldest = newest - limits_.behind_seconds * kSecond;
    if (condemned || (limits_.behind_seconds > 0 && entry->time < oldest)) {
      ignored.Add(*entry, "entry too far behind, entry timestamp is: " + Rfc3339(entry->time) +
                              ", oldest acceptable timestamp is: " + Rfc3339(oldest));
      if (condemned) refused_.insert(key);
      continue;
    }
    good.push_back(entry);
    bytes += SizeOf(*entry);
    newest = std::max(newest, entry->time);
  }
  int status = ignored.count > 0 ? 400 : 204;
  if (!state.bucket.Take(static_cast<double>(bytes), limits_.stream_rate, limits_.stream_burst,
                         now)) {
    // All of them, in one piece.
    for (const LokiEntry* entry : good) {
      ignored.Add(*entry,
                  "Per stream rate limit exceeded (limit: " + std::to_string(limits_.stream_rate) +
                      "B/sec) while attempting to ingest for stream '" + passed.labels +
                      "' totaling " + std::to_string(SizeOf(*entry)) + "B");
    }
    good.clear();
    status = 429;
  } else {
    state.newest = newest;
    if (!good.empty()) state.last = *good.back();
  }
  for (const LokiEntry* entry : good) {
    if (seen_.insert(Key(tenant, passed.labels, *entry)).second) {
      streams_[state.index].entries.push_back(*entry);
    } else {
      ++duplicates_;
    }
  }
  if (status == 204) return {};
  return {status, ignored.text + "user '" + tenant +
                      "', total ignored: " + std::to_string(ignored.count) + " out of " +
                      std::to_string(passed.entries.size()) + " for stream: " + passed.labels +
                      "\n"};
}

void LokiStore::Condemn(const std::string& tenant, const std::string& labels,
                        const LokiEntry& entry) {
  std::string formatted;
  if (!CheckLabels(labels, formatted)) condemned_.insert(Key(tenant, formatted, entry));
}

bool LokiStore::Has(const std::string& tenant, const std::string& labels,
                    const LokiEntry& entry) const {
  std::string formatted;
  return !CheckLabels(labels, formatted) && seen_.contains(Key(tenant, formatted, entry));
}

std::vector<LokiEntry> LokiStore::ByTime() const {
  std::vector<LokiEntry> out;
  for (const Stream& stream : streams_) {
    std::copy(stream.entries.begin(), stream.entries.end(), std::back_inserter(out));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LokiEntry& a, const LokiEntry& b) { return a.time < b.time; });
  return out;
}

}  // namespace telltale

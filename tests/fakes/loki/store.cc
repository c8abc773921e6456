// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/store.h"

#include <algorithm>
#include <iterator>

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr int kBlocksOfAChunk22 = 10;

}  // namespace

std::string LokiStore::Key(const std::string& tenant, const std::string& labels,
                           const LokiEntry& entry) {
  std::string key = tenant + "\n" + labels + std::to_string(entry.time) + " " + entry.line;
  for (const auto& [name, value] : entry.metadata) key += "\n" + name + "=" + value;
  return key;
}

LokiStore::Verdict LokiStore::Push(const LokiPush& push, std::int64_t now, int limited_stream) {
  if (limits_.max_body > 0 && push.body.size() > limits_.max_body) {
    return {413, "request body too large\n"};
  }
  if (!push.valid) return {400, push.problem + "\n"};
  if (limits_.v22) {
    if (auto problem = UnreadableBy22(push)) return {400, *problem + "\n"};
  }
  if (push.empty) {
    if (limits_.v22) return {};
    return {422, "error at least one valid stream is required for ingestion\n"};
  }
  LokiSentences told;
  std::vector<Passed> all;
  std::size_t bytes = 0, lines = 0;
  int index = -1;
  for (const LokiStream* stream : push.streams()) {
    ++index;
    if (stream->entries.empty() && !limits_.v22) continue;
    Passed passed;
    passed.limited = index == limited_stream;
    if (auto wrong = CheckLokiLabels(limits_, stream->labels, passed.labels)) {
      told.Add(*wrong);
      continue;
    }
    for (const LokiEntry& entry : stream->entries) {
      if (auto wrong = CheckLokiEntry(limits_, passed.labels, entry, now)) {
        told.Add(*wrong);
        continue;
      }
      LokiEntry& taken = passed.entries.emplace_back(entry);
      if (limits_.v22) taken.metadata.clear();
      bytes += LokiEntrySize(taken);
      ++lines;
    }
    if (!passed.entries.empty()) all.push_back(std::move(passed));
  }
  if (!tenants_[push.tenant].Take(static_cast<double>(bytes), limits_.rate, limits_.burst, now)) {
    return {429, std::string(limits_.v22 ? "I" : "i") + "ngestion rate limit exceeded for user " +
                     push.tenant +
                     " (limit: " + std::to_string(static_cast<std::int64_t>(limits_.rate)) +
                     " bytes/sec) while attempting to ingest '" + std::to_string(lines) +
                     "' lines totaling '" + std::to_string(bytes) + "' bytes\n"};
  }
  Verdict verdict;
  for (const Passed& passed : all) {
    Verdict one = Ingest(push.tenant, passed, now);
    if (one.status != 204) verdict = std::move(one);
  }
  if (verdict.status == 204 && !told.empty()) return {400, told.Text(limits_)};
  return verdict;
}

LokiStore::Verdict LokiStore::Ingest(const std::string& tenant, const Passed& passed,
                                     std::int64_t now) {
  auto found = states_.find({tenant, passed.labels});
  if (found == states_.end()) {
    if (limits_.max_streams > 0 && states_.size() >= limits_.max_streams) {
      if (limits_.v22) {
        return {429, "Maximum active stream limit exceeded, reduce the number of active streams\n"};
      }
      return {429, "maximum active stream limit exceeded when trying to create stream " +
                       passed.labels + ", reduce the number of active streams\n"};
    }
    found = states_.emplace(std::pair(tenant, passed.labels), State{}).first;
    found->second.index = streams_.size();
    streams_.push_back({tenant, passed.labels, {}});
  }
  return limits_.v22 ? Ingest22(tenant, passed, found->second)
                     : Ingest3(tenant, passed, found->second, now);
}

bool LokiStore::IsLast(const State& state, const LokiEntry& entry) const {
  return state.has_last && entry == state.last;
}

bool LokiStore::Append(const std::string& tenant, const Passed& passed, State& state,
                       const LokiEntry& entry) {
  std::string key = Key(tenant, passed.labels, entry);
  if (!limits_.v22 && !state.head.insert(key).second) {
    ++duplicates_;
    return false;
  }
  state.head_bytes += LokiEntrySize(entry);
  if (limits_.head_block > 0 && state.head_bytes >= limits_.head_block) {
    state.head.clear();
    state.head_bytes = 0;
    ++state.full_blocks;
  }
  if (!seen_.insert(std::move(key)).second) ++stored_again_;
  streams_[state.index].entries.push_back(entry);
  return true;
}

LokiStore::Verdict LokiStore::Ingest3(const std::string& tenant, const Passed& passed, State& state,
                                      std::int64_t now) {
  LokiRefusals ignored(limits_, tenant, passed.labels);
  std::vector<const LokiEntry*> good;
  std::size_t bytes = 0;
  std::int64_t newest = std::max<std::int64_t>(state.newest, 0);
  for (const LokiEntry& entry : passed.entries) {
    if (good.empty() ? IsLast(state, entry) : entry == *good.back()) {
      ++duplicates_;  // and does not count for the rate
      continue;
    }
    const std::string key = Key(tenant, passed.labels, entry);
    const bool condemned = condemned_.contains(key) && !seen_.contains(key);
    const std::int64_t oldest = newest - limits_.behind_seconds * kSecond;
    if (condemned || (limits_.behind_seconds > 0 && entry.time < oldest)) {
      ignored.Add(entry, "entry too far behind, entry timestamp is: " + LokiTime(entry.time) +
                             ", oldest acceptable timestamp is: " + LokiTime(oldest));
      if (condemned) refused_.insert(key);
      continue;
    }
    good.push_back(&entry);
    bytes += LokiEntrySize(entry);
    newest = std::max(newest, entry.time);
  }
  int status = ignored.count() > 0 ? 400 : 204;
  if (passed.limited || !state.bucket.Take(static_cast<double>(bytes), limits_.stream_rate,
                                           limits_.stream_burst, now)) {
    // All of them, in one piece.
    for (const LokiEntry* entry : good) {
      ignored.Add(*entry,
                  "Per stream rate limit exceeded (limit: " + std::to_string(limits_.stream_rate) +
                      "B/sec) while attempting to ingest for stream '" + passed.labels +
                      "' totaling " + std::to_string(LokiEntrySize(*entry)) + "B");
    }
    good.clear();
    status = 429;
  } else {
    state.newest = newest;
    if (!good.empty()) {
      state.last = *good.back();
      state.has_last = true;
    }
  }
  for (const LokiEntry* entry : good) Append(tenant, passed, state, *entry);
  if (status == 204) return {};
  return {status, ignored.Text(passed.entries.size())};
}

LokiStore::Verdict LokiStore::Ingest22(const std::string& tenant, const Passed& passed,
                                       State& state) {
  LokiRefusals ignored(limits_, tenant, passed.labels);
  for (const LokiEntry& entry : passed.entries) {
    if (IsLast(state, entry)) {
      ++duplicates_;
      continue;
    }
    if (state.full_blocks >= kBlocksOfAChunk22) {
      // A new chunk knows nothing of the one before it.
      state.full_blocks = 0;
      state.newest = INT64_MIN;
    }
    const std::string key = Key(tenant, passed.labels, entry);
    const bool condemned = condemned_.contains(key) && !seen_.contains(key);
    if (condemned || entry.time < state.newest) {
      ignored.Add(entry, "entry out of order");
      if (condemned) refused_.insert(key);
      if (seen_.contains(key)) ++duplicates_;
      continue;
    }
    Append(tenant, passed, state, entry);
    state.newest = entry.time;
    state.last = entry;
    state.has_last = true;
  }
  if (ignored.count() == 0) return {};
  return {400, ignored.Text(passed.entries.size())};
}

void LokiStore::Condemn(const std::string& tenant, const std::string& labels,
                        const LokiEntry& entry) {
  std::string formatted;
  if (!CheckLokiLabels(limits_, labels, formatted)) {
    condemned_.insert(Key(tenant, formatted, entry));
  }
}

bool LokiStore::Has(const std::string& tenant, const std::string& labels,
                    const LokiEntry& entry) const {
  std::string formatted;
  return !CheckLokiLabels(limits_, labels, formatted) &&
         seen_.contains(Key(tenant, formatted, entry));
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

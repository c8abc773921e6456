// SPDX-License-Identifier: Apache-2.0
// What tests ask of a FakeLoki, and tell it.
#include <algorithm>

#include "common/net/http/http.h"
#include "tests/fakes/fake_loki.h"

namespace telltale {
namespace {

using Pairs = std::map<std::string, std::string>;

std::string JsonText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string JsonObject(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += (out.empty() ? "" : ",") + JsonText(name) + ":" + JsonText(value);
  }
  return "{" + out + "}";
}

bool Selects(const Pairs& wanted, const Pairs& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto found = labels.find(pair.first);
    return found != labels.end() && found->second == pair.second;
  });
}

}  // namespace

void FakeLoki::Script(std::vector<Reply> replies) {
  std::lock_guard lock(mutex_);
  script_.assign(replies.begin(), replies.end());
}

void FakeLoki::SetDefault(Reply reply) {
  std::lock_guard lock(mutex_);
  default_ = std::move(reply);
}

void FakeLoki::SetHandler(std::function<Reply(const Push&)> handler) {
  std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

void FakeLoki::Misbehave(LokiFaults faults) {
  std::lock_guard lock(mutex_);
  faults_ = std::move(faults);
}

void FakeLoki::SetLimits(LokiLimits limits) {
  std::lock_guard lock(mutex_);
  store_.set_limits(limits);
}

void FakeLoki::SetDelay(std::chrono::milliseconds delay) {
  std::lock_guard lock(mutex_);
  delay_ = delay;
}

void FakeLoki::ExpectAuthorization(std::string value) {
  std::lock_guard lock(mutex_);
  authorization_ = std::move(value);
}

std::vector<FakeLoki::Push> FakeLoki::pushes() const {
  std::lock_guard lock(mutex_);
  return pushes_;
}

void FakeLoki::KeepNoPushes() {
  std::lock_guard lock(mutex_);
  keep_pushes_ = false;
  pushes_.clear();
}

std::uint64_t FakeLoki::push_count() const {
  std::lock_guard lock(mutex_);
  return push_count_;
}

std::uint64_t FakeLoki::connections() const {
  std::lock_guard lock(mutex_);
  return connection_count_;
}

std::uint64_t FakeLoki::most_in_flight() const {
  std::lock_guard lock(mutex_);
  return most_in_flight_;
}

std::vector<std::string> FakeLoki::client_names() const {
  std::lock_guard lock(mutex_);
  return client_names_;
}

bool FakeLoki::WaitFor(const std::function<bool(const std::vector<Push>&)>& done,
                       std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return done(pushes_); });
}

bool FakeLoki::WaitForPushes(std::size_t count) const {
  return WaitFor([&](const std::vector<Push>& pushes) { return pushes.size() >= count; });
}

std::map<std::string, std::vector<FakeLoki::Entry>> FakeLoki::streams(
    const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::vector<Entry>> out;
  for (const LokiStore::Stream& stream : store_.streams()) {
    if (!tenant.empty() && stream.tenant != tenant) continue;
    auto& entries = out[stream.labels];
    entries.insert(entries.end(), stream.entries.begin(), stream.entries.end());
  }
  std::erase_if(out, [](const auto& stream) { return stream.second.empty(); });
  return out;
}

std::vector<std::string> FakeLoki::lines() const {
  std::vector<std::string> out;
  for (const auto& [labels, entries] : streams()) {
    for (const Entry& entry : entries) out.push_back(entry.line);
  }
  return out;
}

std::vector<FakeLoki::Entry> FakeLoki::ByTime() const {
  std::lock_guard lock(mutex_);
  return store_.ByTime();
}

std::size_t FakeLoki::duplicates() const {
  std::lock_guard lock(mutex_);
  return store_.duplicates();
}

std::size_t FakeLoki::stored_again() const {
  std::lock_guard lock(mutex_);
  return store_.stored_again();
}

std::uint64_t FakeLoki::refused() const {
  std::lock_guard lock(mutex_);
  return store_.refused();
}

// As Loki does it, structured metadata counts as labels, so a stream may become several.
FakeLoki::Reply FakeLoki::Query(const std::string& target) const {
  const std::size_t question = target.find('?');
  Pairs wanted;
  std::string query;
  if (question != target.npos) {
    query = QueryParameter(std::string_view(target).substr(question + 1), "query");
  }
  if (!query.empty() && !ParseLokiLabels(query, wanted))
    return {.status = 400, .body = "parse error"};
  std::map<Pairs, std::vector<Entry>> found;
  for (const auto& [text, entries] : streams()) {
    Pairs labels;
    if (!ParseLokiLabels(text, labels) || !Selects(wanted, labels)) continue;
    for (const Entry& entry : entries) {
      Pairs all = entry.metadata;
      all.insert(labels.begin(), labels.end());
      found[all].push_back(entry);
    }
  }
  std::string result;
  for (auto& [labels, entries] : found) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.time < b.time; });
    std::string values;
    for (const Entry& entry : entries) {
      values += (values.empty() ? "[\"" : ",[\"") + std::to_string(entry.time) + "\"," +
                JsonText(entry.line) + "]";
    }
    result += (result.empty() ? "{" : ",{") + std::string("\"stream\":") + JsonObject(labels) +
              ",\"values\":[" + values + "]}";
  }
  Reply reply;
  reply.status = 200;
  reply.headers = "Content-Type: application/json\r\n";
  reply.body =
      "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[" + result + "]}}";
  return reply;
}

}  // namespace telltale

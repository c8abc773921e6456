// SPDX-License-Identifier: Apache-2.0
//
// LIST: which version, which page, and the text, rendered piece by piece.
#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "tests/fakes/kube/cluster/cluster_state.h"
#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {
namespace {

constexpr std::size_t kPiece = 64 << 10;

constexpr const char* kContinueTooOld =
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list.";

struct ContinueToken {
  std::int64_t version = 0;  // -1: whatever there is now
  std::string start;         // the first key is this one or after it
};

// Base64 without padding, with the alphabet for URLs, as the server writes its tokens.
std::string Encode(const ContinueToken& token) {
  Json json = Json::Object();
  json["v"] = Json::String("meta.k8s.io/v1");
  json["rv"] = Json::Int(token.version);
  json["start"] = Json::String(token.start);
  std::string out = Base64Encode(json.Text());
  while (!out.empty() && out.back() == '=') out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<ContinueToken> Decode(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  const auto bytes = Base64Decode(text);
  if (!bytes) return std::nullopt;
  const auto json = ParseJsonTree(*bytes);
  if (!json.ok() || json->Find("rv") == nullptr) return std::nullopt;
  const auto version = ParseInt(json->Find("rv")->text);
  if (!version || json->StringOf("start").empty()) return std::nullopt;
  return ContinueToken{*version, std::string(json->StringOf("start"))};
}

class ListBody final : public FakeBody {
 public:
  ListBody(SnapshotRef snapshot, const Collection& collection)
      : snapshot_(std::move(snapshot)),
        custom_(collection.kind().custom),
        item_head_(custom_ ? collection.head() : ""),
        kind_(collection.kind().kind),
        api_version_(collection.kind().api_version()) {}

  void Add(std::size_t index) { picked_.push_back(static_cast<std::uint32_t>(index)); }
  std::size_t size() const { return picked_.size(); }
  void SetMore(std::string token, std::int64_t remaining) {
    continue_ = std::move(token);
    remaining_ = remaining;
  }

  State Next(std::string& out) override {
    if (done_) return State::kEnd;
    const std::size_t start = out.size();
    if (next_ == 0) Begin(out);
    while (next_ < picked_.size() && out.size() - start < kPiece) {
      if (next_ != 0) out += ',';
      snapshot_->objects[picked_[next_++]].object->AppendTo(out, item_head_);
    }
    if (next_ == picked_.size()) {
      End(out);
      done_ = true;
    }
    return State::kMore;
  }

 private:
  // Custom resources are written with their members sorted, so that metadata comes last.
  void Begin(std::string& out) const {
    if (custom_) {
      out += R"({"apiVersion":")" + api_version_ + R"(","items":[)";
    } else {
      out += R"({"kind":")" + kind_ + R"(List","apiVersion":")" + api_version_ +
             R"(","metadata":)" + Meta() + R"(,"items":[)";
    }
  }
  void End(std::string& out) const {
    out += custom_ ? R"(],"kind":")" + kind_ + R"(List","metadata":)" + Meta() + "}\n" : "]}\n";
  }
  std::string Meta() const {
    const std::string version = R"("resourceVersion":")" + std::to_string(snapshot_->version) + '"';
    const std::string more =
        custom_ || !continue_.empty() ? R"("continue":")" + continue_ + '"' : "";
    const std::string remaining =
        remaining_ > 0 ? R"("remainingItemCount":)" + std::to_string(remaining_) : "";
    std::string out = "{";
    for (const std::string& member :
         custom_ ? std::vector{more, remaining, version} : std::vector{version, more, remaining}) {
      if (member.empty()) continue;
      if (out.size() > 1) out += ',';
      out += member;
    }
    return out + "}";
  }

  const SnapshotRef snapshot_;
  const bool custom_;
  const std::string item_head_, kind_, api_version_;
  std::vector<std::uint32_t> picked_;
  std::string continue_;
  std::int64_t remaining_ = 0;
  std::size_t next_ = 0;
  bool done_ = false;
};

std::optional<FakeReply> CheckVersion(const RequestOptions& request) {
  const auto refuse = [](const char* message) {
    return InvalidOptions("ListOptions", "resourceVersionMatch", "FieldValueForbidden", message);
  };
  if (request.initial_events.has_value()) {
    return InvalidOptions("ListOptions", "sendInitialEvents", "FieldValueForbidden",
                          "Forbidden: sendInitialEvents is forbidden for list");
  }
  if (request.version_match.empty()) return std::nullopt;
  if (!request.continue_token.empty()) {
    return refuse("Forbidden: resourceVersionMatch is forbidden when continue is provided");
  }
  if (request.version.empty()) {
    return refuse(
        "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (request.version_match == "Exact" && request.version == "0") {
    return refuse(
        "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  if (request.version_match != "Exact" && request.version_match != "NotOlderThan") {
    return InvalidOptions("ListOptions", "resourceVersionMatch", "FieldValueNotSupported",
                          "Unsupported value: \"" + request.version_match + "\"");
  }
  return std::nullopt;
}

}  // namespace

FakeReply FakeCluster::State::List(const ResourcePath& path, const RequestOptions& request) {
  if (auto failure = CheckVersion(request)) return std::move(*failure);
  ObjectFilter filter;
  if (auto failure = Filter(path, request, filter)) return std::move(*failure);
  const auto asked = ParseVersion(request.version);
  if (!asked) {
    return BadRequest("invalid resource version: resourceVersion: Invalid value: \"" +
                      request.version + "\": invalid syntax");
  }
  Collection& collection = In(path);
  const SteadyTime now = clock.Steady();
  collection.DropSnapshots(now - options.continue_lives);

  std::string start;
  SnapshotRef snapshot;
  if (!request.continue_token.empty()) {
    const auto token = Decode(request.continue_token);
    if (!token) return BadRequest("invalid continue token: continue key is not valid");
    start = token->start;
    snapshot = token->version < 0 ? collection.Now(version, now)
                                  : collection.At(static_cast<std::uint64_t>(token->version), now);
    if (!snapshot) return Gone(kContinueTooOld, Encode({-1, start}));
  } else {
    const bool exact = request.version_match == "Exact" ||
                       (request.version_match.empty() && request.limit > 0 && *asked > 0);
    if (*asked > version) {
      std::string message;
      FakeReply reply = StatusReply(TooLargeVersion(*asked, version, message));
      reply.retry_after_seconds = 1;
      return reply;
    }
    snapshot = exact ? collection.At(*asked, now) : collection.Now(version, now);
    if (!snapshot) return Gone("The resourceVersion for the provided list is too old.");
  }

  // The watch cache, which answers for version 0, does not page.
  const bool pages = request.limit > 0 && request.version != "0";
  const auto& objects = snapshot->objects;
  auto body = std::make_unique<ListBody>(snapshot, collection);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (*objects[i].key < start || !filter.Matches(objects[i])) continue;
    if (pages && static_cast<std::int64_t>(body->size()) == request.limit) {
      // With a selector the server does not know how many there will be.
      std::int64_t remaining = 0;
      for (std::size_t rest = i; !filter.selects() && rest < objects.size(); ++rest) {
        if (filter.Matches(objects[rest])) ++remaining;
      }
      body->SetMore(Encode({static_cast<std::int64_t>(snapshot->version), *objects[i].key}),
                    remaining);
      break;
    }
    body->Add(i);
  }
  return {.stream = std::move(body)};
}

}  // namespace telltale

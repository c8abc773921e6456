// SPDX-License-Identifier: Apache-2.0
//
// WATCH: what was there (initial events), what happens, bookmarks, and how it ends.
#include <utility>

#include "tests/fakes/kube/cluster/cluster_state.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {

class FakeCluster::Watch final : public FakeBody {
 public:
  Watch(FakeCluster::State& cluster, const Collection& collection, ObjectFilter filter,
        const RequestOptions& request)
      : cluster_(cluster),
        collection_(collection),
        filter_(std::move(filter)),
        bookmarks_(request.bookmarks),
        close_epoch_(cluster.close_epoch),
        bookmark_epoch_(cluster.bookmark_epoch),
        last_bookmark_(cluster.clock.Steady()) {
    if (request.timeout_seconds > 0) {
      deadline_ = last_bookmark_ + std::chrono::seconds(request.timeout_seconds);
    }
    ++cluster_.open_watches;
  }
  ~Watch() override {
    const std::lock_guard lock(cluster_.mutex);
    --cluster_.open_watches;
  }

  // Everything that is there first, then what happens after it.
  void Begin(SnapshotRef snapshot, bool say_end) {
    after_ = snapshot->version;
    cursor_ = collection_.After(after_);
    say_end_ = say_end && bookmarks_;
    initial_ = std::move(snapshot);
  }
  void BeginAfter(std::uint64_t version) {
    after_ = version;
    cursor_ = collection_.After(version);
  }
  void BeginWithError(std::string line) { error_ = std::move(line); }

  State Next(std::string& out) override {
    const std::lock_guard lock(cluster_.mutex);
    if (ended_ || close_epoch_ != cluster_.close_epoch) return End();
    if (!error_.empty()) return Fail(error_, out);
    if (deadline_ && cluster_.clock.Steady() >= *deadline_) return End();
    if (collection_.end() - cursor_ > cluster_.options.max_backlog) return End();
    if (initial_) {
      for (; next_ < initial_->objects.size(); ++next_) {
        const Stored& stored = initial_->objects[next_];
        if (!filter_.Matches(stored)) continue;
        ++next_;
        return Line("ADDED", *stored.object, out);
      }
      initial_.reset();
    }
    if (std::exchange(say_end_, false)) {
      return Bookmark(after_, R"(,"annotations":{"k8s.io/initial-events-end":"true"})", out);
    }
    if (cursor_ < collection_.first()) return Fail(ErrorLine(TooOld()), out);
    for (; cursor_ < collection_.end(); ++cursor_) {
      const Collection::Event& event = collection_.event(cursor_);
      // After a restore from a backup, versions that this watch has seen come again.
      if (event.version <= after_) continue;
      if (Append(event, out)) {
        ++cursor_;
        return State::kMore;
      }
    }
    return BookmarkWhenDue(out);
  }

 private:
  State End() {
    ended_ = true;
    return State::kEnd;
  }
  State Fail(const std::string& line, std::string& out) {
    out += line;
    ended_ = true;
    return State::kMore;
  }
  StatusText TooOld() {
    message_ = "too old resource version: " + std::to_string(after_) + " (" +
               std::to_string(collection_.oldest()) + ")";
    return {.code = 410, .reason = "Expired", .message = message_};
  }

  State Line(std::string_view type, const ObjectBody& object, std::string& out) const {
    out.append(R"({"type":")").append(type).append(R"(","object":)");
    object.AppendTo(out, collection_.head());
    out += "}\n";
    return State::kMore;
  }

  // False when the event is none of this watch's. What starts or stops to match by its labels is
  // an add or a delete.
  bool Append(const Collection::Event& event, std::string& out) const {
    if (!filter_.ns.empty() && event.now.ns() != filter_.ns) return false;
    if (!filter_.name.empty() && event.now.name() != filter_.name) return false;
    const bool deleted = event.change == Collection::Change::kDeleted;
    bool is = !deleted, was = event.previous != nullptr;
    if (!filter_.labels.terms.empty()) {
      is = is && filter_.MatchesLabels(*event.now.object);
      was = was && filter_.MatchesLabels(*event.previous);
    }
    if (!is && !was) return false;
    if (is) {
      Line(was ? "MODIFIED" : "ADDED", *event.now.object, out);
    } else if (deleted) {
      Line("DELETED", *event.now.object, out);
    } else {
      Line("DELETED", *ObjectBody::WithVersion(event.previous, event.version), out);
    }
    return true;
  }

  State Bookmark(std::uint64_t version, std::string_view annotations, std::string& out) {
    last_bookmark_ = cluster_.clock.Steady();
    bookmark_epoch_ = cluster_.bookmark_epoch;
    out.append(R"({"type":"BOOKMARK","object":{)").append(collection_.head());
    out.append(R"("metadata":{"resourceVersion":")").append(std::to_string(version)).append("\"");
    out.append(annotations).append("}").append(collection_.kind().bookmark_rest).append("}}\n");
    return State::kMore;
  }
  State BookmarkWhenDue(std::string& out) {
    const bool due = bookmark_epoch_ != cluster_.bookmark_epoch ||
                     cluster_.clock.Steady() - last_bookmark_ >= cluster_.options.bookmark_every;
    // A watch that waits for a version of the future has nothing to say yet.
    if (!bookmarks_ || !due || cluster_.version < after_) return State::kWait;
    return Bookmark(cluster_.version, "", out);
  }

  FakeCluster::State& cluster_;
  const Collection& collection_;
  const ObjectFilter filter_;
  const bool bookmarks_;
  const std::uint64_t close_epoch_;
  std::uint64_t bookmark_epoch_;
  SteadyTime last_bookmark_;
  std::optional<SteadyTime> deadline_;
  SnapshotRef initial_;
  std::size_t next_ = 0;  // in initial_
  bool say_end_ = false;  // of the initial events
  std::uint64_t after_ = 0, cursor_ = 0;
  std::string error_, message_;
  bool ended_ = false;
};

FakeReply FakeCluster::State::Watch(const ResourcePath& path, const RequestOptions& request) {
  const auto refuse = [](const char* message) {
    return InvalidOptions("ListOptions", "resourceVersionMatch", "FieldValueForbidden", message);
  };
  if (request.initial_events.has_value() && !options.watch_list) {
    return BadRequest("sendInitialEvents is not known to this server");
  }
  if (request.initial_events.has_value() && request.version_match != "NotOlderThan") {
    return refuse(
        "Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
        "NotOlderThan");
  }
  if (!request.initial_events.has_value() && !request.version_match.empty()) {
    return refuse(
        "Forbidden: resourceVersionMatch is forbidden for watch unless "
        "sendInitialEvents is provided");
  }
  ObjectFilter filter;
  if (auto failure = Filter(path, request, filter)) return std::move(*failure);
  const auto asked = ParseVersion(request.version);
  if (!asked) {
    return StatusReply(
        {.code = 500,
         .message = "resourceVersion: Invalid value: \"" + request.version + "\": invalid syntax"});
  }
  Collection& collection = In(path);
  Age(collection);
  const bool initial = request.initial_events.value_or(*asked == 0);
  const bool too_old = !initial && *asked < collection.oldest();
  std::string message;
  StatusText error;
  if (too_old) {
    message = "too old resource version: " + request.version + " (" +
              std::to_string(collection.oldest()) + ")";
    error = {.code = 410, .reason = "Expired", .message = message};
    if (options.expired_as_status) return StatusReply(error);
  } else if (initial && *asked > version) {
    error = TooLargeVersion(*asked, version, message);
  }

  auto watch = std::make_unique<FakeCluster::Watch>(*this, collection, std::move(filter), request);
  if (!message.empty()) {
    watch->BeginWithError(ErrorLine(error));
  } else if (initial) {
    // The server says the end of the initial events also to a watch from "", asked for or not.
    const bool say_end = request.initial_events.has_value() || request.version.empty();
    watch->Begin(collection.Now(version, clock.Steady()), say_end);
  } else {
    watch->BeginAfter(*asked);
  }
  return {.stream = std::move(watch), .watch = true};
}

}  // namespace telltale

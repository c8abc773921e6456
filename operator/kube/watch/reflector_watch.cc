// SPDX-License-Identifier: Apache-2.0
//
// How a Reflector follows changes: one watch request after the other, each from where the last one
// ended, and what each of the ways in which they end means.
#include <algorithm>
#include <string>

#include "common/base/log.h"
#include "common/net/http/http.h"
#include "operator/kube/client/status_error.h"
#include "operator/kube/watch/line_splitter.h"
#include "operator/kube/watch/reflector.h"
#include "operator/kube/watch/resource_version.h"

namespace telltale {
namespace {

using std::chrono::seconds;

// The server ends each watch after a time that differs between clients, so that they do not all
// come back at once after it restarted.
constexpr std::uint64_t kShortestWatchSeconds = 240, kWatchSpreadSeconds = 61;
// Bookmarks come every minute, so two minutes without a byte mean that the connection is dead.
constexpr seconds kLongestSilence{120};
// Before the end mark there are no bookmarks: a server that has more to say is never silent for
// long, not even to its first byte. A request is in its queue for 15 s at most, and then waits 3 s
// for the server's cache.
constexpr seconds kLongestInitialSilence{20};
// A watch shorter than this would be a hot loop if it were repeated at once.
constexpr seconds kShortWatch{1};
constexpr seconds kWarnEvery{10};
constexpr std::size_t kMaxLine = 16u << 20;
// Errors 500 in a row until we ask for everything: what breaks the server may be our version.
constexpr int kMaxInternalErrors = 3;

}  // namespace

Reflector::Turn Reflector::Rewatch() {
  if (check_history_) {
    if (auto turn = CheckHistory()) return *turn;
  }
  Stream stream;
  const auto ended = OpenStream("", resource_version_, stream);
  return AfterWatch(ended, stream);
}

// A server that was restored from a backup accepts a watch from a version that it has yet to
// reach, and says nothing until it gets there: everything in between would be missed. So before a
// watch goes on, one object is listed, which tells how far the server is.
std::optional<Reflector::Turn> Reflector::CheckHistory() {
  metrics_.history_checks.Add();
  const auto newest =
      ReadNewestVersion(transport_, parser_, options_.collection, options_.selector);
  if (!newest.ok() && newest.error().code != Code::kTimeout) {
    if (newest.error().code != Code::kCancelled) {
      LogWarn("a watch cannot go on yet",
              {{"resource", options_.name}, {"error", newest.error().message}});
    }
    return Turn{.wait = true};
  }
  // A server that is too slow or too busy for this may still have a watch for us; the next one is
  // checked again.
  check_history_ = false;
  if (!newest.ok() || !IsOlderVersion(*newest, resource_version_)) return std::nullopt;
  LogWarn("the API server's history is older than what was seen of it; reading everything again",
          {{"resource", options_.name}, {"server", *newest}, {"seen", resource_version_}});
  metrics_.Restarted(WatchEnd::kRewind);
  newest_ = true;
  return Resync();
}

Result<ApiResponse> Reflector::OpenStream(std::string_view query, const std::string& version,
                                          Stream& stream) {
  std::string parameters = "watch=1&allowWatchBookmarks=true";
  if (!query.empty()) parameters.append("&").append(query);
  if (!version.empty()) parameters.append("&resourceVersion=").append(UrlEncode(version));
  parameters.append("&timeoutSeconds=")
      .append(std::to_string(kShortestWatchSeconds + options_.random() % kWatchSpreadSeconds));
  ApiRequest request;
  request.timeout = stream.initial ? kLongestInitialSilence : kLongestSilence;
  request.target = CollectionTarget(options_.collection, parameters, options_.selector);

  stream.started = stream.warned = clock_.Steady();
  LineSplitter lines(kMaxLine);
  return transport_.Stream(request, [&](std::string_view piece) {
    const auto fed = lines.Feed(piece, [&](std::string_view line) { return OnLine(line, stream); });
    if (fed == LineSplitter::Fed::kTooLong) {
      Undecoded("leaving a watch", Fail(Code::kTooLarge, "an event is longer than 16 MiB"));
      stream.left = WatchEnd::kOversize;
    }
    if (!stream.initial) request.timeout = kLongestSilence;
    return OnPiece(piece, stream) && fed == LineSplitter::Fed::kMore;
  });
}

bool Reflector::OnPiece(std::string_view piece, Stream& stream) {
  stream.answered = true;
  metrics_.watch_bytes.Add(piece.size());
  const SteadyTime now = clock_.Steady();
  if (stream.initial && now - stream.warned >= kWarnEvery) {
    stream.warned = now;
    const auto waited = std::chrono::duration_cast<seconds>(now - stream.started).count();
    LogWarn("still waiting for the end of the initial events",
            {{"resource", options_.name}, {"seconds", static_cast<std::int64_t>(waited)}});
  }
  return !Stopping();
}

// False to leave the stream.
bool Reflector::OnLine(std::string_view line, Stream& stream) {
  const Status read = ReadWatchEvent(
      parser_, line, event_, [this](WatchEvent::Type type, JsonValue object, std::string& version) {
        return type == WatchEvent::Type::kDeleted ? sink_.Deleted(object, version)
                                                  : sink_.Changed(object, version);
      });
  if (!read.ok()) {
    // We cannot know which object this was about, so only a whole content makes us whole again.
    Undecoded("leaving a watch: a line is not an event", read.error());
    stream.left = WatchEnd::kMalformed;
    return false;
  }
  if (event_.type == WatchEvent::Type::kError) {
    stream.refusal = event_.refusal;
    return false;
  }
  metrics_.watch_events.Add();
  metrics_.last_event.Set(static_cast<double>(clock_.WallNanos()) / 1e9);
  if (event_.type == WatchEvent::Type::kUnknown) {
    Undecoded("skipping a watch event",
              Fail(Code::kInvalid, "unknown type \"" + event_.type_name + "\""));
  } else if (!event_.decoded.ok()) {
    Undecoded("skipping a watch event", event_.decoded.error());
  }
  if (!stream.initial) return OnLiveEvent(stream);
  // The initial events come in the order of names, so none but the end mark tells our place.
  if (!event_.initial_events_end) return true;
  if (event_.resource_version.empty()) {
    stream.left = WatchEnd::kMalformed;
    return false;
  }
  sink_.ReplaceEnd();
  stream.initial = false;
  Synced(event_.resource_version, metrics_.syncs_by_watch_list);
  return true;
}

bool Reflector::OnLiveEvent(Stream& stream) {
  if (event_.brings_object()) {
    ++stream.changes;
    internal_errors_ = 0;
    watch_pace_.Reset();
  }
  if (event_.resource_version.empty()) return true;
  if (IsOlderVersion(event_.resource_version, resource_version_)) {
    LogWarn("a watch went back in time; reading everything again",
            {{"resource", options_.name},
             {"event", event_.resource_version},
             {"seen", resource_version_}});
    stream.left = WatchEnd::kRewind;
    newest_ = true;
    return false;
  }
  resource_version_ = event_.resource_version;
  return true;
}

// What the server said against it, as an HTTP status or as an event.
std::optional<ApiRefusal> Reflector::Refusal(const Result<ApiResponse>& ended,
                                             const Stream& stream) {
  if (stream.refusal) return stream.refusal;
  if (!ended.ok() || ended->status == 200) return std::nullopt;
  ApiRefusal refusal = ReadRefusal(parser_, ended->body);
  refusal.code = ended->status;
  refusal.retry_after_seconds = std::max(refusal.retry_after_seconds, ended->retry_after_seconds);
  refusal.message = StatusError("watching " + options_.name, *ended).message;
  return refusal;
}

Reflector::Turn Reflector::AfterWatch(const Result<ApiResponse>& ended, const Stream& stream) {
  if (const auto refusal = Refusal(ended, stream)) {
    return AfterRefusedWatch(*refusal);
  }
  check_history_ = true;
  if (stream.left) {
    metrics_.Restarted(*stream.left);
    return Resync();
  }
  const bool lasted = clock_.Steady() - stream.started >= kShortWatch;
  if (!ended.ok()) {
    const Error& error = ended.error();
    if (error.code == Code::kCancelled) return {.wait = true};
    LogWarn("a watch broke", {{"resource", options_.name}, {"error", error.message}});
    metrics_.Restarted(error.code == Code::kTimeout ? WatchEnd::kTimeout : WatchEnd::kError);
    return {.wait = !lasted || !stream.answered};
  }
  metrics_.Restarted(lasted || stream.changes > 0 ? WatchEnd::kEof : WatchEnd::kShort);
  return {.wait = !lasted};
}

Reflector::Turn Reflector::AfterRefusedWatch(const ApiRefusal& refusal) {
  const Turn rewatch{.wait = true, .at_least = seconds(refusal.retry_after_seconds)};
  if (refusal.code == 410) {
    LogInfo("history expired; reading everything again",
            {{"resource", options_.name}, {"message", refusal.message}});
    metrics_.Restarted(WatchEnd::kGone);
    return Resync();
  }
  LogWarn("the API server ended a watch",
          {{"resource", options_.name}, {"code", refusal.code}, {"error", refusal.message}});
  // About load, not about our place in history; more questions would make it worse.
  if (refusal.code == 429) {
    metrics_.Restarted(WatchEnd::kThrottled);
    return rewatch;
  }
  check_history_ = true;
  if (refusal.code == 500) {
    metrics_.Restarted(WatchEnd::kInternal);
    if (++internal_errors_ < kMaxInternalErrors) return rewatch;
    internal_errors_ = 0;
    return {.sync = true, .wait = true, .at_least = rewatch.at_least};
  }
  metrics_.Restarted(WatchEnd::kStatus);
  newest_ = newest_ || refusal.version_too_large;
  // New credentials and a server that comes up again still have our version; anything else is
  // explained best by the answer to a sync.
  const bool passing = refusal.code == 401 || (refusal.code > 500 && !refusal.version_too_large);
  return {.sync = !passing, .wait = true, .at_least = rewatch.at_least};
}

void Reflector::Undecoded(std::string_view what, const Error& error) {
  metrics_.decode_errors.Add();
  LogWarn(what, {{"resource", options_.name}, {"error", error.message}});
}

}  // namespace telltale

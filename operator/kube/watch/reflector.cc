// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/reflector.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/base/log.h"
#include "common/net/http.h"
#include "operator/kube/client/status_error.h"
#include "operator/kube/watch/line_splitter.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// client-go's: the API server's own limits are tuned to it.
constexpr milliseconds kFirstBackoff{800};
constexpr milliseconds kLongestBackoff{30'000};
// The server ends each watch after a time that differs between clients, so that they do not all
// come back at once after it restarted.
constexpr std::uint64_t kShortestWatchSeconds = 240, kWatchSpreadSeconds = 61;
// Bookmarks come every minute, so two minutes without a byte mean that the connection is dead.
constexpr seconds kLongestSilence{120};
// A watch shorter than this that brought nothing would be a hot loop if it were repeated at once.
constexpr seconds kShortWatch{1};
constexpr std::size_t kMaxLine = 16u << 20;

std::function<std::uint64_t()> OrSystemRandom(std::function<std::uint64_t()> random) {
  if (random) return random;
  return [] { return std::uint64_t{std::random_device{}()}; };
}

ReflectorOptions Complete(ReflectorOptions options) {
  options.random = OrSystemRandom(std::move(options.random));
  return options;
}

}  // namespace

Reflector::Reflector(ReflectorOptions options, HttpTransport& transport, ReflectorSink& sink,
                     Registry& registry, Clock& clock)
    : options_(Complete(std::move(options))),
      transport_(transport),
      sink_(sink),
      registry_(registry),
      clock_(clock),
      relists_(registry.AddCounter("telltale_relists_total",
                                   "Whole lists that were asked for after the first one.",
                                   {{"resource", options_.name}})),
      decode_errors_(registry.AddCounter(
          "telltale_decode_errors_total",
          "Objects and watch lines of the API server that were skipped because they do not decode.",
          {{"resource", options_.name}})),
      watch_events_(registry.AddCounter("telltale_watch_events_total",
                                        "Events that watches brought, bookmarks included.",
                                        {{"resource", options_.name}})),
      backoff_(kFirstBackoff, kLongestBackoff, options_.random) {}

void Reflector::Run() {
  Turn turn{.list = true};
  while (!Stopping()) {
    turn = turn.list ? List() : WatchOnce();
    if (turn.wait && !Stopping()) Sleep(std::max<milliseconds>(backoff_.Next(), turn.at_least));
  }
}

void Reflector::Stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

bool Reflector::Stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Reflector::Sleep(milliseconds duration) {
  if (options_.wait) return options_.wait(duration);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, duration, [this] { return stopping_; });
}

Reflector::Turn Reflector::List() {
  if (synced_) relists_.Add();
  ListOutcome outcome = ListOnce(/*paged=*/true);
  if (!outcome.status.ok() && outcome.status.error().code == Code::kGone && outcome.pages > 0) {
    // The snapshot expired between two pages; one answer cannot expire.
    LogInfo("listing again without pages", {{"resource", options_.name}});
    outcome = ListOnce(/*paged=*/false);
  }
  if (!outcome.status.ok()) return AfterFailedList(outcome);
  resource_version_ = std::move(outcome.resource_version);
  first_watch_ = true;
  if (list_failed_ || !synced_) LogInfo("listed", {{"resource", options_.name}});
  list_failed_ = false;
  synced_ = true;
  return {};
}

ListOutcome Reflector::ListOnce(bool paged) {
  sink_.ReplaceBegin();
  ListOutcome outcome =
      ListCollection(transport_, parser_, options_.collection, options_.selector, paged,
                     [this](std::string_view json) {
                       const Status taken = parser_.Parse(
                           json, [this](JsonValue object) { std::string ignored; return sink_.Changed(object, ignored); });
                       if (!taken.ok()) Undecoded("skipping an object of the list", taken.error());
                     });
  if (outcome.status.ok()) {
    sink_.ReplaceEnd();
  } else {
    sink_.ReplaceAbort();
  }
  return outcome;
}

Reflector::Turn Reflector::AfterFailedList(const ListOutcome& outcome) {
  Error error = outcome.status.error();
  if (error.code == Code::kNotFound) {
    error.message += "; is the CustomResourceDefinition installed? Trying again";
  }
  if (!Stopping()) {
    LogWarn("listing failed", {{"resource", options_.name}, {"error", error.message}});
  }
  list_failed_ = true;
  return {.list = true, .wait = true, .at_least = seconds(outcome.retry_after_seconds)};
}

Reflector::Turn Reflector::WatchOnce() {
  ApiRequest request;
  request.timeout = kLongestSilence;
  request.target = CollectionTarget(
      options_.collection,
      "watch=1&allowWatchBookmarks=true&resourceVersion=" + UrlEncode(resource_version_) +
          "&timeoutSeconds=" +
          std::to_string(kShortestWatchSeconds + options_.random() % kWatchSpreadSeconds),
      options_.selector);

  const SteadyTime started = clock_.Steady();
  LineSplitter lines(kMaxLine);
  Watch watch;
  watch.first = std::exchange(first_watch_, false);
  const auto ended = transport_.Stream(request, [&](std::string_view piece) {
    const auto fed = lines.Feed(piece, [&](std::string_view line) { return OnLine(line, watch); });
    if (fed == LineSplitter::Fed::kTooLong) {
      Undecoded("leaving a watch", Fail(Code::kTooLarge, "an event is longer than 16 MiB"));
      Restarted("oversize");
      watch.left = Turn{.list = true, .wait = true};
    }
    return fed == LineSplitter::Fed::kMore && !Stopping();
  });

  const bool lasted = clock_.Steady() - started >= kShortWatch;
  const bool answered = ended.ok() && ended->status == 200;
  if (watch.events > 0 || (answered && lasted)) backoff_.Reset();
  if (watch.left) return *watch.left;
  if (ended.ok() && ended->status == 410) {
    return Gone("HTTP 410", /*wait=*/watch.first && watch.events == 0);
  }
  return AfterWatch(ended, watch.events == 0 && !lasted);
}

bool Reflector::OnLine(std::string_view line, Watch& watch) {
  if (Status read = DecodeWatchEvent(parser_, line, event_); !read.ok()) {
    // We cannot know which object this was about, so only a list makes us whole again.
    Undecoded("leaving a watch: a line is not an event", read.error());
    Restarted("malformed");
    watch.left = Turn{.list = true, .wait = true};
    return false;
  }
  if (event_.type == WatchEvent::Type::kError) return OnErrorEvent(watch);
  ++watch.events;
  watch_events_.Add();
  Status taken;
  switch (event_.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      taken = WithWatchObject(parser_, line, [this](JsonValue v) { std::string ignored; return sink_.Changed(v, ignored); });
      break;
    case WatchEvent::Type::kDeleted:
      taken = WithWatchObject(parser_, line, [this](JsonValue v) { std::string ignored; return sink_.Deleted(v, ignored); });
      break;
    case WatchEvent::Type::kBookmark:
      break;
    default:
      taken = Fail(Code::kInvalid, "unknown type \"" + event_.type_name + "\"");
  }
  if (!taken.ok()) Undecoded("skipping a watch event", taken.error());
  if (!event_.resource_version.empty()) resource_version_ = event_.resource_version;
  return true;
}

bool Reflector::OnErrorEvent(Watch& watch) {
  if (event_.code == 410) {
    watch.left = Gone(event_.message, /*wait=*/watch.first && watch.events == 0);
    return false;
  }
  LogWarn("the API server ended a watch with an error",
          {{"resource", options_.name}, {"code", event_.code}, {"error", event_.message}});
  Restarted("status");
  // 429 is about load, not about our place in history; a list would make it worse.
  watch.left = Turn{.list = event_.code != 429, .wait = true};
  return false;
}

// `wait` when the list itself gave the version that is gone: asking again at once would loop.
Reflector::Turn Reflector::Gone(std::string_view message, bool wait) {
  LogInfo("history expired; listing again",
          {{"resource", options_.name}, {"message", std::string(message)}});
  Restarted("gone");
  return {.list = true, .wait = wait};
}

Reflector::Turn Reflector::AfterWatch(const Result<ApiResponse>& ended, bool short_lived) {
  if (!ended.ok()) {
    const Error& error = ended.error();
    if (error.code == Code::kCancelled) return {.wait = true};
    LogWarn("a watch broke", {{"resource", options_.name}, {"error", error.message}});
    Restarted(error.code == Code::kTimeout ? "timeout" : "error");
    return {.wait = true};
  }
  if (ended->status != 200) return AfterStatus(*ended);
  Restarted(short_lived ? "short" : "eof");
  return {.wait = short_lived};
}

Reflector::Turn Reflector::AfterStatus(const ApiResponse& response) {
  const Error error = StatusError("watching " + options_.name, response);
  LogWarn("a watch was refused", {{"resource", options_.name}, {"error", error.message}});
  Restarted("status");
  // An overloaded or starting server still has our version; anything else a list explains best.
  return {.list = error.code != Code::kUnavailable,
          .wait = true,
          .at_least = seconds(response.retry_after_seconds)};
}

void Reflector::Restarted(std::string_view reason) {
  registry_
      .AddCounter("telltale_watch_restarts_total", "Watches that ended, by reason.",
                  {{"reason", std::string(reason)}, {"resource", options_.name}})
      .Add();
}

void Reflector::Undecoded(std::string_view what, const Error& error) {
  decode_errors_.Add();
  LogWarn(what, {{"resource", options_.name}, {"error", error.message}});
}

}  // namespace telltale

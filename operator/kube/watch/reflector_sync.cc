// SPDX-License-Identifier: Apache-2.0
//
// How a Reflector gets a whole content: by a watch that starts with what exists (watch-list), or
// by LIST from a server that does not offer that.
#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "operator/kube/client/status_error.h"
#include "operator/kube/watch/reflector.h"

namespace telltale {
namespace {

using std::chrono::seconds;

// How long a server that refused a watch-list is not asked for one again: it may be upgraded.
constexpr std::chrono::minutes kListsFor{10};
// Watch-lists that may end before their end mark until a LIST is tried: the server may close them
// because we read too slowly, or may not know what it was asked for.
constexpr int kMaxFailedWatchLists = 3;
// One that lasted for so long ended because its time was up.
constexpr std::chrono::minutes kLongWatch{4};

}  // namespace

Reflector::Turn Reflector::Sync() {
  if (synced_) metrics_.relists.Add();
  return list_until_ && clock_.Steady() < *list_until_ ? List() : WatchList();
}

// The first one names no version, which means the newest state there is, as all replicas of the
// server agree on it. A later one accepts the server's cache, but nothing older than we have.
Reflector::Turn Reflector::WatchList() {
  sink_.ReplaceBegin();
  Stream stream;
  stream.initial = true;
  const std::string version = newest_ ? "" : resource_version_;
  const auto ended =
      OpenStream("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", version, stream);
  if (!stream.initial) return AfterWatch(ended, stream);
  sink_.ReplaceAbort();
  return AfterWatchList(ended, stream);
}

// After one that ended before its end mark.
Reflector::Turn Reflector::AfterWatchList(const Result<ApiResponse>& ended, const Stream& stream) {
  const bool silent = !ended.ok() && ended.error().code == Code::kTimeout;
  if (silent || stream.answered) {
    metrics_.Restarted(silent ? WatchEnd::kSilent : WatchEnd::kInitial);
  }
  if (const auto refusal = Refusal(ended, stream)) {
    // An API server without watch-lists says so in one of these ways. Listing is its ordinary way.
    const bool not_offered = refusal->code == 400 || refusal->code == 422;
    if (!not_offered) SyncFailed(Fail(CodeOfHttpStatus(refusal->code), refusal->message));
    return AfterRefusedWatchList(*refusal);
  }
  SyncFailed(ended.ok() ? Fail(Code::kUnavailable, "the watch-list ended before its end mark")
                        : ended.error());
  // The server, or something on the way, holds the stream back or does not know of end marks: it
  // will again. So it is with one that used up all the time that a watch has.
  const bool lasted = clock_.Steady() - stream.started >= kLongWatch;
  if (silent || (ended.ok() && lasted)) return ListInstead();
  // Nobody is there: a LIST would not be answered either.
  if (!stream.answered && !ended.ok()) return {.sync = true, .wait = true};
  return AfterFailedWatchList();
}

Reflector::Turn Reflector::AfterRefusedWatchList(const ApiRefusal& refusal) {
  const Turn retry{.sync = true, .wait = true, .at_least = seconds(refusal.retry_after_seconds)};
  if (refusal.code == 410 || refusal.version_too_large) return AskForNewest(retry.at_least);
  switch (refusal.code) {
    case 429:  // it is about load, and a LIST is more of it
    case 401:  // it is about us or about the resource, and a LIST would be told the same
    case 404:
      return retry;
    case 403:  // we may be allowed to list, though not to watch
      return List();
    default:
      if (refusal.code < 500) {
        LogInfo("the API server offers no watch-list",
                {{"resource", options_.name}, {"answer", refusal.message}});
        return ListInstead();
      }
      Turn turn = AfterFailedWatchList();
      turn.at_least = std::max(turn.at_least, retry.at_least);
      return turn;
  }
}

Reflector::Turn Reflector::AfterFailedWatchList() {
  if (++failed_watch_lists_ >= kMaxFailedWatchLists) return ListInstead();
  return {.sync = true, .wait = true};
}

Reflector::Turn Reflector::ListInstead() {
  LogInfo("listing instead of a watch-list", {{"resource", options_.name}});
  list_until_ = clock_.Steady() + kListsFor;
  return List();
}

// The version we named has expired, or the server has not come that far: it lags behind another
// replica, or was restored from a backup. Once at once, because the next answer will be another.
Reflector::Turn Reflector::AskForNewest(seconds at_least) {
  const bool asked = std::exchange(newest_, true);
  return {.sync = true, .wait = asked, .at_least = at_least};
}

// The first LIST is consistent too, unlike client-go's, which takes what the server's cache holds
// (resourceVersion=0). That may be older than what we knew before a restart, and what is missing
// from a list is deleted: targets would vanish that still run, or come back that are gone.
Reflector::Turn Reflector::List() {
  ListQuery query{.collection = options_.collection,
                  .selector = options_.selector,
                  .not_older_than = newest_ ? "" : resource_version_,
                  .paged = true};
  ListOutcome outcome = ListInto(query);
  const auto expired = [&] {
    return !outcome.status.ok() && outcome.status.error().code == Code::kGone;
  };
  if (expired() && outcome.pages > 0) {
    // The snapshot expired between two pages; one answer cannot expire.
    LogInfo("listing again without pages", {{"resource", options_.name}});
    query.paged = false;
    outcome = ListInto(query);
  }
  if (outcome.status.ok()) {
    Synced(outcome.resource_version, metrics_.syncs_by_list);
    check_history_ = false;
    return {};
  }
  const seconds retry_after(outcome.retry_after_seconds);
  if (expired() || outcome.version_too_large) return AskForNewest(retry_after);
  SyncFailed(outcome.status.error());
  return {.sync = true, .wait = true, .at_least = retry_after};
}

void Reflector::SyncFailed(const Error& error) {
  sync_failed_ = true;
  if (error.code == Code::kNotFound) {
    LogWarn("waiting for a resource: is the CustomResourceDefinition installed?",
            {{"resource", options_.name}, {"error", error.message}});
  } else if (error.code != Code::kCancelled) {
    LogWarn("reading everything failed", {{"resource", options_.name}, {"error", error.message}});
  }
}

ListOutcome Reflector::ListInto(const ListQuery& query) {
  sink_.ReplaceBegin();
  ListOutcome outcome =
      ListCollection(transport_, parser_, query, [this](std::string_view json) -> Status {
        std::string version;  // of one object: says nothing about our place in history
        Status decoded;
        const Status parsed = parser_.Parse(json, [&](JsonValue object) -> Status {
          decoded = sink_.Changed(object, version);
          return {};
        });
        // What is not JSON may have been any object, so the list is not whole; an object that does
        // not decode will not decode next time either, and must not keep the others away.
        if (parsed.ok() && !decoded.ok()) Undecoded("skipping a listed object", decoded.error());
        if (!parsed.ok()) metrics_.decode_errors.Add();
        return parsed;
      });
  if (outcome.status.ok()) {
    sink_.ReplaceEnd();
  } else {
    sink_.ReplaceAbort();
  }
  return outcome;
}

// The sink has a whole content; the caller has told it so.
void Reflector::Synced(std::string_view version, Counter& mode) {
  resource_version_.assign(version);
  newest_ = false;
  failed_watch_lists_ = 0;
  internal_errors_ = 0;
  synced_at_ = clock_.Steady();
  mode.Add();
  if (!synced_) {
    const std::chrono::duration<double> took = *synced_at_ - started_;
    metrics_.initial_sync.Set(took.count());
  }
  if (std::exchange(sync_failed_, false) || !synced_) {
    LogInfo("synced", {{"resource", options_.name}, {"version", resource_version_}});
  }
  synced_ = true;
}

}  // namespace telltale

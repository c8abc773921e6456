// SPDX-License-Identifier: Apache-2.0
//
// FaultPlan: what goes wrong in one run, decided by a seed. The seed modulo the number of themes
// chooses the main fault, so that a row of seeds has them all; the rest of the seed decides how
// often, where and when, and which other faults are mixed in. Asked by SimTransport for each
// request, on the simulation's threads, one at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "tests/faults/seeded.h"

namespace telltale::faults {

enum class Theme {
  kCalm,          // only the world changes
  kEof,           // streams end after k events
  kCutLine,       // ... in the middle of a line
  kCutChunk,      // ... with an error of the connection
  kGoneStatus,    // 410 as status
  kGoneStream,    // 410 in the stream
  kGoneStorm,     // nothing but 410, lists included, for a while
  kStall,         // bytes stop coming, the connection stays
  kOverload,      // 429 with Retry-After, as status and in the stream
  kError500,      // as status and in the stream
  kUnauthorized,  // 401 until the token is renewed
  kRefused,       // nobody listens
  kDrip,          // bytes one by one
  kHugeLine,      // an event of 20 MB
  kMalformed,     // a line that is no JSON
  kUnknownType,   // an event type of the future, and events that come twice
  kEarlyEvents,   // MODIFIED and DELETED before the end of the initial events
  kNoEndMark,     // watch-lists whose initial events never end
  kNoWatchList,   // a server that does not know sendInitialEvents
  kRestore,       // the server comes back with an older state of etcd
  kConflicts,     // every update is refused at first
  kLostAnswers,   // writes are applied but not answered, or applied twice
  kRestart,       // the server restarts: its history is gone
  kCrash,         // the operator dies after its k-th write
  kFrozen,        // two replicas; the leader stops beyond its lease and wakes up
  kTwoReplicas,   // two replicas under all of it
  kMixed,
  kKeyRefused,   // every write of one status is refused, for minutes
  kQuota,        // no ConfigMap can be made, for minutes
  kTwoVersions,  // two replicas, one of an older release that is replaced
  kOldSidecars,  // the pods' sidecars are of an older release
  kCount,
};
std::string_view ThemeName(Theme theme);

struct Fault {
  enum class Kind {
    kNone,
    kRefuse,        // no connection
    kStatus,        // `status`, with `retry_after`
    kEof,           // after `events` lines
    kCutLine,       // after `events` lines and a half
    kCutChunk,      // the same, but the connection breaks
    kStall,         // after `events` lines
    kErrorEvent,    // after `events` lines: an ERROR event with `status`, then the end
    kHugeLine,      // ... a line that is too long
    kMalformed,     // ... a line that is no event
    kUnknownType,   // ... an event of unknown type, then the last line again; goes on
    kHoldBookmark,  // what comes after the initial events comes before their end
    kNoEndMark,     // the end of the initial events is not said
    kLostAnswer,    // writes: applied, the answer lost
    kTwice,         // writes: applied twice, the second answer given
  };
  Kind kind = Kind::kNone;
  int status = 0, retry_after = 0, events = 0;
  bool drip = false;  // pieces of 1 to 40 bytes
};

class FaultPlan {
 public:
  using Millis = std::chrono::milliseconds;

  explicit FaultPlan(std::uint64_t seed);

  Theme theme() const { return theme_; }
  bool mixes() const { return other_ > 0; }  // other themes' faults too
  // Faults happen from the start of the world's changes until then.
  Millis duration() const { return duration_; }
  int replicas() const { return replicas_; }
  bool watch_list() const { return watch_list_; }
  // The operator dies after so many writes, again and again; 0: never.
  int crash_after_writes() const { return crash_after_writes_; }
  bool crash_before_applied() const { return crash_before_applied_; }
  int restores() const { return restores_; }
  int server_restarts() const { return server_restarts_; }
  // What is refused, with which status, from the first fault to the last.
  enum class Lasting { kNothing, kOneStatus, kNewConfigMaps };
  Lasting lasting() const { return lasting_; }
  int lasting_status() const { return lasting_status_; }
  // How long the leader is frozen, in seconds; 0: never.
  int freeze_seconds() const { return freeze_seconds_; }

  // For one request while faults happen. `first` streams carry initial events.
  Fault ForStream();
  Fault ForCall(bool write);

 private:
  Fault::Kind StreamKind();
  Theme theme_;
  Seeded random_;
  Millis duration_;
  double probability_;  // of the theme's own fault
  double other_;        // of any other one
  int replicas_ = 1, crash_after_writes_ = 0, restores_ = 0, server_restarts_ = 0;
  int freeze_seconds_ = 0, lasting_status_ = 0;
  Lasting lasting_ = Lasting::kNothing;
  bool watch_list_ = true, crash_before_applied_ = false;
};

}  // namespace telltale::faults

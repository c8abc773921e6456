// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/fault_plan.h"

#include <utility>

namespace telltale::faults {
namespace {

using Kind = Fault::Kind;

constexpr std::array<std::string_view, static_cast<std::size_t>(Theme::kCount)> kNames = {
    "calm",          "eof",          "cut-line",  "cut-chunk",    "gone-status",  "gone-stream",
    "gone-storm",    "stall",        "overload",  "error-500",    "unauthorized", "refused",
    "drip",          "huge-line",    "malformed", "unknown-type", "early-events", "no-end-mark",
    "no-watch-list", "restore",      "conflicts", "lost-answers", "restart",      "crash",
    "frozen",        "two-replicas", "mixed",     "key-refused",  "quota",        "two-versions",
    "old-sidecars",
};

// Themes that are about single streams; others mix these in.
constexpr std::array kStreamThemes = {
    Theme::kEof,        Theme::kCutLine,      Theme::kCutChunk,    Theme::kGoneStatus,
    Theme::kGoneStream, Theme::kOverload,     Theme::kError500,    Theme::kRefused,
    Theme::kDrip,       Theme::kMalformed,    Theme::kUnknownType, Theme::kEarlyEvents,
    Theme::kStall,      Theme::kUnauthorized,
};

}  // namespace

std::string_view ThemeName(Theme theme) { return kNames[static_cast<std::size_t>(theme)]; }

FaultPlan::FaultPlan(std::uint64_t seed)
    : theme_(static_cast<Theme>(seed % static_cast<std::uint64_t>(Theme::kCount))),
      random_(seed, "plan"),
      duration_(random_.Between(20, 150) * 1000),
      probability_(random_.Chance(0.3) ? 0.95 : 0.2 + 0.1 * random_.Between(0, 5)),
      other_(random_.Chance(0.5) ? 0.08 : 0) {
  if (random_.Chance(0.25)) watch_list_ = false;
  switch (theme_) {
    case Theme::kCalm:
      probability_ = other_ = 0;
      break;
    case Theme::kGoneStorm:
      probability_ = 1;
      break;
    case Theme::kMalformed:
      watch_list_ = random_.Chance(0.5);  // else it is whole lists that break
      break;
    case Theme::kNoWatchList:
      watch_list_ = false;
      break;
    case Theme::kEarlyEvents:
    case Theme::kNoEndMark:
      watch_list_ = true;
      break;
    case Theme::kRestore:
      restores_ = random_.Between(1, 2);
      break;
    case Theme::kRestart:
      server_restarts_ = random_.Between(1, 4);
      break;
    case Theme::kCrash:
      crash_after_writes_ = random_.Between(1, 9);
      crash_before_applied_ = random_.Chance(0.5);
      break;
    case Theme::kFrozen:
      replicas_ = 2;
      freeze_seconds_ = random_.Between(5, 60);
      break;
    case Theme::kTwoReplicas:
      replicas_ = 2;
      other_ = 0.15;
      if (random_.Chance(0.5)) server_restarts_ = 1;
      if (random_.Chance(0.5)) freeze_seconds_ = random_.Between(12, 40);
      if (random_.Chance(0.3)) crash_after_writes_ = random_.Between(2, 15);
      break;
    case Theme::kMixed:
      other_ = 0.35;
      if (random_.Chance(0.3)) replicas_ = 2;
      if (random_.Chance(0.3)) server_restarts_ = 1;
      if (random_.Chance(0.2)) restores_ = 1;
      if (random_.Chance(0.3)) crash_after_writes_ = random_.Between(1, 20);
      break;
    case Theme::kKeyRefused:
    case Theme::kQuota: {
      probability_ = other_ = 0;  // nothing else keeps a write from being made
      duration_ = std::chrono::seconds(random_.Between(200, 600));
      constexpr std::array kCodes = {403, 404, 409, 422, 500};
      const bool quota = theme_ == Theme::kQuota;
      lasting_ = quota ? Lasting::kNewConfigMaps : Lasting::kOneStatus;
      lasting_status_ = quota ? 403 : kCodes[random_.Below(kCodes.size())];
      break;
    }
    case Theme::kTwoVersions:
      replicas_ = 2;
      other_ = random_.Chance(0.5) ? 0.1 : 0;
      if (random_.Chance(0.3)) server_restarts_ = 1;
      break;
    default:
      break;
  }
}

Fault FaultPlan::ForStream() {
  Theme theme = theme_;
  if (!random_.Chance(probability_)) {
    if (!random_.Chance(other_)) return {};
    theme = kStreamThemes[random_.Below(kStreamThemes.size())];
  }
  Fault fault;
  fault.events = random_.Between(0, random_.Chance(0.5) ? 3 : 25);
  fault.retry_after = random_.Chance(0.7) ? random_.Between(1, 5) : 0;
  const auto status = [&](bool as_event, int code) {
    fault.kind = as_event ? Kind::kErrorEvent : Kind::kStatus;
    fault.status = code;
  };
  switch (theme) {
    case Theme::kEof:
      fault.kind = Kind::kEof;
      break;
    case Theme::kCutLine:
      fault.kind = Kind::kCutLine;
      break;
    case Theme::kCutChunk:
      fault.kind = Kind::kCutChunk;
      break;
    case Theme::kGoneStatus:
      status(false, 410);
      break;
    case Theme::kGoneStream:
      status(true, 410);
      break;
    case Theme::kGoneStorm:
      status(random_.Chance(0.5), 410);
      break;
    case Theme::kStall:
      fault.kind = Kind::kStall;
      break;
    case Theme::kOverload:
      status(random_.Chance(0.3), 429);
      break;
    case Theme::kError500:
      status(random_.Chance(0.3), random_.Chance(0.5) ? 500 : 503);
      break;
    case Theme::kUnauthorized:
      status(false, random_.Chance(0.8) ? 401 : 403);
      break;
    case Theme::kRefused:
      fault.kind = Kind::kRefuse;
      break;
    case Theme::kDrip:
      fault.drip = true;
      if (random_.Chance(0.3)) fault.kind = Kind::kCutLine;
      break;
    case Theme::kHugeLine:
      if (random_.Chance(0.15)) fault.kind = Kind::kHugeLine;
      break;
    case Theme::kMalformed:
      fault.kind = Kind::kMalformed;
      break;
    case Theme::kUnknownType:
      fault.kind = Kind::kUnknownType;
      break;
    case Theme::kEarlyEvents:
      fault.kind = Kind::kHoldBookmark;
      break;
    case Theme::kNoEndMark:
      fault.kind = Kind::kNoEndMark;
      break;
    default:
      break;
  }
  return fault;
}

Fault FaultPlan::ForCall(bool write) {
  Theme theme = theme_;
  if (!random_.Chance(probability_)) {
    if (!random_.Chance(other_)) return {};
    constexpr std::array kAny = {Theme::kConflicts, Theme::kLostAnswers, Theme::kRefused,
                                 Theme::kError500,  Theme::kOverload,    Theme::kStall};
    theme = kAny[random_.Below(kAny.size())];
  }
  Fault fault;
  fault.retry_after = random_.Chance(0.7) ? random_.Between(1, 5) : 0;
  const auto status = [&](int code) {
    fault.kind = Kind::kStatus;
    fault.status = code;
  };
  switch (theme) {
    case Theme::kConflicts:
      if (write) status(409);
      break;
    case Theme::kLostAnswers:
      if (write) fault.kind = random_.Chance(0.6) ? Kind::kLostAnswer : Kind::kTwice;
      break;
    case Theme::kRefused:
      fault.kind = Kind::kRefuse;
      break;
    case Theme::kError500:
      status(500);
      break;
    case Theme::kOverload:
      status(429);
      break;
    case Theme::kUnauthorized:
      status(401);
      break;
    case Theme::kStall:
      fault.kind = Kind::kStall;
      break;
    default:
      break;
  }
  return fault;
}

}  // namespace telltale::faults

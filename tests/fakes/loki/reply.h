// SPDX-License-Identifier: Apache-2.0
//
// What FakeLoki does with one push, chosen by a test or by a seed. Plain values and pure functions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/fakes/loki/push.h"

namespace telltale {

struct LokiReply {
  // What happens to the connection. kHang never answers until the client goes away;
  // kCloseMidResponse ends it without TLS's goodbye, which cuts TLS; kReset makes the kernel say
  // so, too; kDrip sends the answer byte by byte, `drip` apart; kGarbage answers what is not HTTP.
  enum class Then {
    kKeep,
    kCloseMidResponse,
    kCloseWithoutResponse,
    kHang,
    kReset,
    kDrip,
    kGarbage
  };

  int status = 204;
  std::string body = {}, headers = {};  // headers as "Name: value\r\n"
  Then then = Then::kKeep;
  // Takes the lines, as far as the limits let it, although the status is not 200 or 204.
  bool store = false;
  std::chrono::milliseconds drip{20};
  // Of the lines that it has not: so many, from this one on, are refused with a 400 as too far
  // behind, now and whenever they come again; the others are stored. For a status of 204.
  std::size_t refuse_from = 0, refuse = 0;
};

// Misbehaviour that follows from a seed: the answer to the n-th push is always the same kind.
struct LokiFaults {
  enum Kind {
    kBlocked260,
    kPartial400,
    kUnauthorized401,
    kTooLarge413,
    kTenantLimit429,
    kStreamLimit429,
    kError500,
    kUnavailable503,
    kStoreThenError,
    kStoreThenHang,
    kHang,
    kStoreThenClose,
    kClose,
    kCutAnswer,
    kReset,
    kDrip,
    kGarbage,
    kKinds
  };
  static std::vector<Kind> All();
  // Those that lose nothing for good and take no client's timeout: for quick tests.
  static std::vector<Kind> Quick();

  std::uint64_t seed = 0;
  double share = 0.3;  // of the pushes
  std::vector<Kind> kinds = All();
  std::uint64_t until = 1'000;  // after so many pushes it behaves well
  // So many connections of a hundred end after some bytes of the request, or before TLS begins.
  int broken_connections = 0;

  // For the n-th push, from 0. A plain LokiReply is good behaviour. kTooLarge413 is not for a push
  // of one line: a client could only lose that.
  LokiReply ReplyTo(std::uint64_t number, const LokiPush& push) const;
  // After how many bytes the n-th connection is reset; a negative number: not at all.
  std::int64_t ConnectionEnds(std::uint64_t number) const;
};

}  // namespace telltale

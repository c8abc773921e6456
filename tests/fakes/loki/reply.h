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
    kCloseMidBody,  // the last byte does not come
    kCloseWithoutResponse,
    kHang,
    kReset,
    kDrip,
    kGarbage
  };

  // What is behind a wrong URL, or in front of Loki. Nothing is stored.
  enum class Software {
    kHtml404,         // a web server's page for an unknown path
    kHtml200,         // a page for any path, such as a login
    kTlsPort,         // a gateway that was spoken to without TLS: 400, "Client sent an HTTP request
                      // to an HTTPS server."
    kGatewayPage400,  // a gateway's own refusal: 400 with a page
    kEmpty200,        // nothing at all
    kJson200,         // another API that takes everything
  };
  static std::vector<Software> AllSoftware();
  static LokiReply From(Software software);

  int status = 204;
  std::string body = {}, headers = {};  // headers as "Name: value\r\n"
  Then then = Then::kKeep;
  // Takes the lines, as far as the limits let it, although the status is not 200 or 204.
  bool store = false;
  std::chrono::milliseconds drip{20};
  // How long the answer takes, after the lines were stored; FakeLoki::Options::delay comes on top.
  std::chrono::milliseconds delay{0};
  // Of the lines that it has not, counted through all streams of the push: so many, from this one
  // on, are refused with a 400 as too far behind, now and whenever they come again; the others are
  // stored. For a status of 204.
  std::size_t refuse_from = 0, refuse = 0;
  // The stream of the push, from 0, that is above its rate: its lines are refused with a 429 this
  // time, and those of the others stored. Negative: none is. For a status of 204.
  int limited_stream = -1;
  // The answer of other software: a status of 200 or 204 is given as it is, too.
  bool verbatim = false;
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

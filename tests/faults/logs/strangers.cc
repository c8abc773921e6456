// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/strangers.h"

#include <string>

#include "tests/faults/seeded.h"

namespace telltale::faults {
namespace {

// Retry-After is in whole, real seconds: it is asked for in the first pushes only.
constexpr std::uint64_t kPushesWithWaits = 20;

FakeLoki::Reply Page(int status, const std::string& title) {
  FakeLoki::Reply reply;
  reply.verbatim = true;
  reply.status = status;
  reply.headers = "Content-Type: text/html; charset=utf-8\r\n";
  reply.body = "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body>" + title +
               "</body></html>\n";
  return reply;
}

FakeLoki::Reply Text(int status, const std::string& headers, const std::string& body) {
  FakeLoki::Reply reply;
  reply.verbatim = true;
  reply.status = status;
  reply.headers = headers;
  reply.body = body;
  return reply;
}

}  // namespace

FakeLoki::Reply StrangerReply(std::uint64_t seed, std::uint64_t number,
                              const FakeLoki::Push& push) {
  Seeded random(seed, "stranger " + std::to_string(number));
  constexpr const char* kJson = "Content-Type: application/json\r\n";
  switch (random.Below(13)) {
    case 0:
      return Page(random.Chance(0.5) ? 502 : 503, "502 Bad Gateway");
    case 1:
      return Page(200, "Sign in");
    case 2:
      return Text(200, kJson, "{\"error\":\"no such route\"}\n");
    case 3:
      return Text(302, "Location: https://login.example/?from=push\r\n", "");
    case 4:
      // A client could only lose a push of one line.
      if (push.line_count() < 2) return {};
      return Page(413, "413 Request Entity Too Large");
    case 5: {
      FakeLoki::Reply reply = Page(429, "429 Too Many Requests");
      if (number < kPushesWithWaits && random.Chance(0.3)) reply.headers += "Retry-After: 1\r\n";
      return reply;
    }
    case 6:
      return Text(429, "Retry-After: soon\r\n", "slow down\n");
    case 7: {
      // Less comes than its length says.
      FakeLoki::Reply reply = random.Chance(0.5) ? Page(500, "Internal Server Error")
                                                 : Text(200, "", "stored, but who is to know");
      reply.store = reply.status == 200;
      reply.then = FakeLoki::Reply::Then::kCloseMidBody;
      return reply;
    }
    case 8:
      return Page(404, "404 Not Found");
    case 9:
      return FakeLoki::Reply::From(FakeLoki::Reply::Software::kTlsPort);
    case 10:
      return FakeLoki::Reply::From(FakeLoki::Reply::Software::kGatewayPage400);
    case 11:
      return Text(400, kJson, "{\"error\":\"entry too far behind, or so\"}\n");
    default: {
      // A store that answers 200 and says something.
      FakeLoki::Reply reply;
      reply.status = 200;
      reply.body = "ok\n";
      return reply;
    }
  }
}

}  // namespace telltale::faults

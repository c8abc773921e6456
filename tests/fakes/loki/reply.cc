// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/reply.h"

#include <algorithm>

#include "tests/faults/seeded.h"

namespace telltale {
namespace {

using Then = LokiReply::Then;

LokiReply Status(int status, std::string body) {
  LokiReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

LokiReply Broken(Then then, bool store) {
  LokiReply reply;
  reply.then = then;
  reply.store = store;
  reply.status = store ? 204 : 500;
  return reply;
}

LokiReply Partial(const LokiPush& push, faults::Seeded& random) {
  LokiReply reply;
  const std::size_t lines = push.line_count();
  reply.refuse_from = random.Below(lines);
  reply.refuse = 1 + random.Below(std::min<std::size_t>(lines - reply.refuse_from, 3));
  return reply;
}

LokiReply Make(LokiFaults::Kind kind, const LokiPush& push, faults::Seeded& random) {
  switch (kind) {
    case LokiFaults::kBlocked260:
      return Status(260, "ingestion blocked for user fake until tomorrow\n");
    case LokiFaults::kPartial400:
      return push.line_count() == 0 ? LokiReply{} : Partial(push, random);
    case LokiFaults::kUnauthorized401:
      return Status(random.Chance(0.5) ? 401 : 403, "no org id\n");
    case LokiFaults::kTooLarge413:
      return push.line_count() < 2 ? LokiReply{} : Status(413, "request body too large\n");
    case LokiFaults::kTenantLimit429: {
      LokiReply reply = Status(429, "ingestion rate limit exceeded for user fake\n");
      if (random.Chance(0.2)) reply.headers = "Retry-After: 1\r\n";
      return reply;
    }
    case LokiFaults::kStreamLimit429: {
      LokiReply reply;
      reply.limited_stream = static_cast<int>(random.Below(1 + push.more.size()));
      return reply;
    }
    case LokiFaults::kError500:
      return Status(500, "rpc error: code = Unknown\n");
    case LokiFaults::kUnavailable503:
      return Status(random.Chance(0.5) ? 503 : 502, "no healthy upstream\n");
    case LokiFaults::kStoreThenError: {
      LokiReply reply = Status(504, "context deadline exceeded\n");
      reply.store = true;
      return reply;
    }
    case LokiFaults::kStoreThenHang:
      return Broken(Then::kHang, true);
    case LokiFaults::kHang:
      return Broken(Then::kHang, false);
    case LokiFaults::kStoreThenClose:
      return Broken(Then::kCloseWithoutResponse, true);
    case LokiFaults::kClose:
      return Broken(Then::kCloseWithoutResponse, false);
    case LokiFaults::kCutAnswer:
      return Broken(Then::kCloseMidResponse, random.Chance(0.5));
    case LokiFaults::kReset:
      return Broken(Then::kReset, random.Chance(0.5));
    case LokiFaults::kGarbage:
      return Broken(Then::kGarbage, random.Chance(0.5));
    case LokiFaults::kDrip: {
      LokiReply reply;
      reply.then = Then::kDrip;
      reply.drip = std::chrono::milliseconds(random.Between(1, 20));
      return reply;
    }
    case LokiFaults::kKinds:
      break;
  }
  return {};
}

}  // namespace

std::vector<LokiReply::Software> LokiReply::AllSoftware() {
  return {Software::kHtml404,        Software::kHtml200,  Software::kTlsPort,
          Software::kGatewayPage400, Software::kEmpty200, Software::kJson200};
}

LokiReply LokiReply::From(Software software) {
  constexpr const char* kHtml = "Content-Type: text/html\r\n";
  LokiReply reply;
  reply.verbatim = true;
  switch (software) {
    case Software::kHtml404:
      reply.status = 404;
      reply.headers = kHtml;
      reply.body = "<html><head><title>404 Not Found</title></head></html>\n";
      break;
    case Software::kHtml200:
      reply.status = 200;
      reply.headers = kHtml;
      reply.body = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>\n";
      break;
    case Software::kTlsPort:
      reply.status = 400;
      reply.body = "Client sent an HTTP request to an HTTPS server.\n";
      break;
    case Software::kGatewayPage400:
      reply.status = 400;
      reply.headers = kHtml;
      reply.body = "<html><head><title>400 Bad Request</title></head></html>\n";
      break;
    case Software::kEmpty200:
      reply.status = 200;
      break;
    case Software::kJson200:
      reply.status = 200;
      reply.headers = "Content-Type: application/json\r\n";
      reply.body = "{\"status\":\"ok\"}\n";
      break;
  }
  return reply;
}

std::vector<LokiFaults::Kind> LokiFaults::All() {
  std::vector<Kind> kinds;
  for (int kind = 0; kind < kKinds; ++kind) kinds.push_back(static_cast<Kind>(kind));
  return kinds;
}

std::vector<LokiFaults::Kind> LokiFaults::Quick() {
  std::vector<Kind> kinds = All();
  std::erase_if(kinds, [](Kind kind) {
    return kind == kPartial400 || kind == kStoreThenHang || kind == kHang || kind == kDrip;
  });
  return kinds;
}

LokiReply LokiFaults::ReplyTo(std::uint64_t number, const LokiPush& push) const {
  faults::Seeded random(seed, "push " + std::to_string(number));
  if (number >= until || kinds.empty() || !random.Chance(share)) return {};
  return Make(kinds[random.Below(kinds.size())], push, random);
}

std::int64_t LokiFaults::ConnectionEnds(std::uint64_t number) const {
  faults::Seeded random(seed, "connection " + std::to_string(number));
  if (number >= until || random.Between(0, 99) >= broken_connections) return -1;
  return random.Chance(0.3) ? 0 : static_cast<std::int64_t>(random.Below(3'000));
}

}  // namespace telltale

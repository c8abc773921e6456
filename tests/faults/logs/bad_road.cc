// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/bad_road.h"

#include <chrono>
#include <utility>

namespace telltale::faults {

BadRoad::BadRoad(TestStore store, std::uint64_t seed, bool tls)
    : store_(std::move(store)), front_({.tls = tls}) {
  using F = LokiFaults;
  faults_.seed = seed;
  faults_.share = 0.3;
  faults_.kinds = {F::kBlocked260, F::kTooLarge413,    F::kTenantLimit429, F::kStreamLimit429,
                   F::kError500,   F::kUnavailable503, F::kStoreThenError, F::kStoreThenClose,
                   F::kClose,      F::kCutAnswer,      F::kReset,          F::kDrip,
                   F::kGarbage};
  front_.KeepNoPushes();
  front_.SetHandler([this](const FakeLoki::Push& push) { return Handle(push); });
}

FakeLoki::Reply BadRoad::PassOn(const FakeLoki::Push& push) const {
  HttpRequest request;
  request.method = "POST";
  request.target = store_.PushTarget();
  request.headers = {{"Content-Type", push.content_type}};
  const std::string encoding = push.Header("content-encoding");
  if (!encoding.empty()) request.headers.emplace_back("Content-Encoding", encoding);
  request.body = push.body;
  auto answer = store_.Ask(request);
  FakeLoki::Reply reply;
  reply.status = answer ? answer->status : 502;
  reply.body = answer ? answer->body : answer.error().message + "\n";
  return reply;
}

FakeLoki::Reply BadRoad::Handle(const FakeLoki::Push& push) {
  const std::uint64_t number = pushes_++;
  if (!misbehaves_) return PassOn(push);
  FakeLoki::Reply reply = faults_.ReplyTo(number, push);
  const bool well =
      reply.status == 204 && reply.then != FakeLoki::Reply::Then::kCloseWithoutResponse;
  if (!reply.store && !well) return reply;
  FakeLoki::Reply real = PassOn(push);
  if (reply.store) return reply;
  real.then = reply.then;
  real.drip = std::chrono::milliseconds(1);
  return real;
}

}  // namespace telltale::faults

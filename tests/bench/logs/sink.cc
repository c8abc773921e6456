// SPDX-License-Identifier: Apache-2.0
//
// bench_sink [MS]: a Loki that stores nothing. It takes pushes of protobuf with snappy, counts
// their entries, knows which they were and how old each was when it came. With MS each answer takes
// so many milliseconds, on a port of its own with a thread for each connection.
//
// Prints two ports: of GET /stats, which answers with one line of JSON, and GET /reset, which
// forgets; and of the pushes. They are the same without MS. Ends with its standard input.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/net/http/http_server.h"
#include "common/net/http/url.h"
#include "sidecar/loki/snappy_codec.h"
#include "tests/bench/logs/received.h"
#include "tests/fakes/fake_loki.h"

namespace telltale::bench {
namespace {

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

unsigned long long Number(std::uint64_t value) { return value; }

class Sink {
 public:
  HttpResponse Answer(const HttpRequest& request) {
    if (request.path() == "/stats") return JsonResponse(200, Stats());
    if (request.path() == "/reset") return Reset();
    if (request.path() != "/loki/api/v1/push") return TextResponse(404, "no such page\n");
    if (!Take(request.body)) return TextResponse(400, "no push of protobuf and snappy\n");
    HttpResponse stored;
    stored.status = 204;
    return stored;
  }

  bool Take(std::string_view push) {
    const auto body = SnappyUncompress(push);
    if (!body || !Count(*body)) return false;
    const std::lock_guard lock(mutex_);
    ++pushes_;
    compressed_ += push.size();
    uncompressed_ += body->size();
    return true;
  }

 private:
  static constexpr std::size_t kBuckets = 20'000;  // of a millisecond

  bool Count(std::string_view body) {
    const std::int64_t now = Now();
    const std::lock_guard lock(mutex_);
    return received_.Add(body, [&](std::string_view line) {
      const std::int64_t sent = SentAt(line.substr(0, 64));
      if (sent <= 0) return;
      const auto ms = static_cast<std::size_t>(std::max<std::int64_t>(now - sent, 0)) / 1'000'000;
      ++ages_[std::min(ms, kBuckets - 1)];
    });
  }

  // The bound below which that part of the lines was.
  std::size_t Age(double part) const {
    std::uint64_t below = 0;
    for (std::size_t ms = 0; ms < kBuckets; ++ms) {
      below += ages_[ms];
      if (below > 0 &&
          static_cast<double>(below) >= part * static_cast<double>(received_.digest.lines))
        return ms + 1;
    }
    return kBuckets;
  }

  std::string Stats() {
    const std::lock_guard lock(mutex_);
    std::array<char, 400> text;
    const int size = std::snprintf(
        text.data(), text.size(),
        R"({"pushes":%llu,"streams":%zu,"misplaced":%llu,"lines":%llu,"digest":"%016llx","texts":"%016llx","compressed":%llu,"uncompressed":%llu,"p50_ms":%zu,"p99_ms":%zu,"max_ms":%zu})",
        pushes_, received_.streams.size(), Number(received_.misplaced),
        Number(received_.digest.lines), Number(received_.digest.sum),
        Number(received_.digest.texts), compressed_, uncompressed_, Age(0.5), Age(0.99), Age(1));
    return {text.data(), static_cast<std::size_t>(size)};
  }

  HttpResponse Reset() {
    const std::lock_guard lock(mutex_);
    received_ = Received{};
    pushes_ = compressed_ = uncompressed_ = 0;
    ages_.assign(kBuckets, 0);
    return TextResponse(200, "");
  }

  std::mutex mutex_;  // guards all below
  Received received_;
  unsigned long long pushes_ = 0, compressed_ = 0, uncompressed_ = 0;
  std::vector<std::uint64_t> ages_ = std::vector<std::uint64_t>(kBuckets);
};

int Main(int delay_ms) {
  Sink sink;
  HttpServer server({.listen = "127.0.0.1:0", .max_body = 64 << 20, .tls = {}},
                    [&](const HttpRequest& request) { return sink.Answer(request); });
  if (const Status started = server.Start(); !started.ok()) {
    std::fprintf(stderr, "bench_sink: %s\n", started.error().message.c_str());
    return 1;
  }
  std::unique_ptr<FakeLoki> slow;
  if (delay_ms > 0) {
    slow =
        std::make_unique<FakeLoki>(FakeLoki::Options{.delay = std::chrono::milliseconds(delay_ms)});
    slow->KeepNoPushes();
    slow->SetHandler([&](const FakeLoki::Push& push) {
      return FakeLoki::Reply{.status = sink.Take(push.body) ? 204 : 400, .verbatim = true};
    });
  }
  const auto pushes = slow ? ParseUrl(slow->url())->port : server.port();
  std::printf("%u %u\n", server.port(), pushes);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace
}  // namespace telltale::bench

int main(int count, char** arguments) {
  return telltale::bench::Main(count > 1 ? std::atoi(arguments[1]) : 0);
}

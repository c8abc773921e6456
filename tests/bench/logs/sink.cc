// SPDX-License-Identifier: Apache-2.0
//
// bench_sink: a Loki that stores nothing. It takes pushes of protobuf with snappy, counts their
// entries, and knows how old each was when it was answered. Prints its port; GET /stats answers
// with one line of JSON, and GET /reset forgets.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/varint.h"
#include "common/net/http_server.h"
#include "sidecar/loki/snappy_codec.h"
#include "tests/bench/logs/lines.h"

namespace telltale::bench {
namespace {

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Calls `field` with each length-delimited field of a message; false when it is none.
template <class Field>
bool Walk(std::string_view message, Field field) {
  while (!message.empty()) {
    std::uint64_t tag;
    if (!TakeVarint(message, tag)) return false;
    std::string_view bytes;
    std::uint64_t number;
    if ((tag & 7) == 0) {
      if (!TakeVarint(message, number)) return false;
    } else if ((tag & 7) != 2 || !TakeBytes(message, bytes)) {
      return false;
    } else if (!field(tag >> 3, bytes)) {
      return false;
    }
  }
  return true;
}

class Sink {
 public:
  HttpResponse Answer(const HttpRequest& request) {
    if (request.path() == "/stats") return JsonResponse(200, Stats());
    if (request.path() == "/reset") return Reset();
    if (request.path() != "/loki/api/v1/push") return TextResponse(404, "no such page\n");
    const auto body = SnappyUncompress(request.body);
    if (!body || !Count(*body)) return TextResponse(400, "no push of protobuf and snappy\n");
    const std::lock_guard lock(mutex_);
    ++pushes_;
    compressed_ += request.body.size();
    uncompressed_ += body->size();
    HttpResponse stored;
    stored.status = 204;
    return stored;
  }

 private:
  static constexpr std::size_t kBuckets = 20'000;  // of a millisecond

  bool Count(std::string_view body) {
    std::uint64_t lines = 0, bytes = 0, streams = 0;
    const std::int64_t now = Now();
    const std::lock_guard lock(mutex_);
    const bool valid = Walk(body, [&](std::uint64_t, std::string_view stream) {
      ++streams;
      return Walk(stream, [&](std::uint64_t number, std::string_view entry) {
        if (number != 2) return true;
        ++lines;
        return Walk(entry, [&](std::uint64_t field, std::string_view line) {
          if (field != 2) return true;
          bytes += line.size();
          if (const std::int64_t sent = SentAt(line.substr(0, 64)); sent > 0) {
            const auto ms =
                static_cast<std::size_t>(std::max<std::int64_t>(now - sent, 0)) / 1'000'000;
            ++ages_[std::min(ms, kBuckets - 1)];
          }
          return true;
        });
      });
    });
    lines_ += lines;
    bytes_ += bytes;
    streams_ += streams;
    return valid;
  }

  // The bound below which that part of the lines was.
  std::size_t Age(double part) const {
    std::uint64_t below = 0;
    for (std::size_t ms = 0; ms < kBuckets; ++ms) {
      below += ages_[ms];
      if (below > 0 && static_cast<double>(below) >= part * static_cast<double>(lines_))
        return ms + 1;
    }
    return kBuckets;
  }

  std::string Stats() {
    const std::lock_guard lock(mutex_);
    std::array<char, 400> text;
    const int size = std::snprintf(
        text.data(), text.size(),
        R"({"pushes":%llu,"streams":%llu,"lines":%llu,"bytes":%llu,"compressed":%llu,"uncompressed":%llu,"p50_ms":%zu,"p99_ms":%zu,"max_ms":%zu})",
        pushes_, streams_, lines_, bytes_, compressed_, uncompressed_, Age(0.5), Age(0.99), Age(1));
    return {text.data(), static_cast<std::size_t>(size)};
  }

  HttpResponse Reset() {
    const std::lock_guard lock(mutex_);
    pushes_ = streams_ = lines_ = bytes_ = compressed_ = uncompressed_ = 0;
    ages_.assign(kBuckets, 0);
    return TextResponse(200, "");
  }

  std::mutex mutex_;  // guards all below
  unsigned long long pushes_ = 0, streams_ = 0, lines_ = 0, bytes_ = 0;
  unsigned long long compressed_ = 0, uncompressed_ = 0;
  std::vector<std::uint64_t> ages_ = std::vector<std::uint64_t>(kBuckets);
};

int Main() {
  Sink sink;
  HttpServer server({.listen = "127.0.0.1:0", .max_body = 64 << 20, .tls = {}},
                    [&](const HttpRequest& request) { return sink.Answer(request); });
  if (const Status started = server.Start(); !started.ok()) {
    std::fprintf(stderr, "bench_sink: %s\n", started.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace
}  // namespace telltale::bench

int main() { return telltale::bench::Main(); }

// SPDX-License-Identifier: Apache-2.0
//
// A store that takes remote write, with the answers that a test wants: what Prometheus answers is
// in tests/integration/test_last_sample.py.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/exposition/proto_fields.h"
#include "common/exposition/text_parser.h"
#include "common/net/http/http_server.h"
#include "sidecar/lastsample/remote_writer.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {

struct ReceivedWrite {
  bool second = false;  // 2.0
  std::size_t series = 0, samples = 0;
  std::int64_t time_ms = 0;  // of the first sample
  std::string bytes;
  bool Has(std::string_view text) const { return bytes.find(text) != std::string::npos; }
};

class Receiver {
 public:
  using Answer = std::function<HttpResponse(const ReceivedWrite&)>;

  explicit Receiver(Answer answer) : answer_(std::move(answer)) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_body = 4 << 20;
    server_ = std::make_unique<HttpServer>(
        std::move(options), [this](const HttpRequest& request) { return Handle(request); });
    started_ = server_->Start().ok();
  }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/v1/write";
  }
  bool started() const { return started_; }
  // All but the one that asks for the version.
  std::vector<ReceivedWrite> writes() {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  HttpResponse Handle(const HttpRequest& request) {
    ReceivedWrite write;
    const std::string* type = FindHeader(request.headers, "Content-Type");
    write.second = type != nullptr && type->find("write.v2") != std::string::npos;
    write.bytes = SnappyUncompress(request.body).value_or("");
    std::string_view rest = write.bytes;
    proto::Field field, part, number;
    while (proto::TakeField(rest, field)) {
      if (field.number != (write.second ? 5u : 1u)) continue;
      ++write.series;
      while (proto::TakeField(field.bytes, part)) {
        if (part.number != 2) continue;
        ++write.samples;
        while (write.time_ms == 0 && proto::TakeField(part.bytes, number)) {
          if (number.number == 2) write.time_ms = static_cast<std::int64_t>(number.bits);
        }
      }
    }
    const std::lock_guard lock(mutex_);
    if (write.series > 0) writes_.push_back(write);
    return answer_(write);
  }

  const Answer answer_;
  std::mutex mutex_;
  std::vector<ReceivedWrite> writes_;
  std::unique_ptr<HttpServer> server_;
  bool started_ = false;
};

inline HttpResponse Written(std::size_t samples, int status = 204, std::string text = "") {
  HttpResponse response = TextResponse(status, std::move(text));
  response.headers.emplace_back("X-Prometheus-Remote-Write-Samples-Written",
                                std::to_string(samples));
  return response;
}

inline std::shared_ptr<const LastPage> PageOf(std::string_view text, bool end = true) {
  auto page = std::make_shared<LastPage>();
  page->families = *ParseText(text);
  page->labels.target = {{"job", "web"}};
  page->end = end;
  return page;
}

}  // namespace telltale

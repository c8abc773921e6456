// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/bad_road.h"

#include <chrono>
#include <utility>

#include "common/net/http/http_client.h"
#include "common/net/http/url.h"
#include "common/text/json_reader.h"

namespace telltale::faults {
namespace {

constexpr std::chrono::seconds kTimeout{20};

Result<HttpResponse> Ask(const std::string& server, const HttpRequest& request) {
  auto url = ParseUrl(server);
  if (!url) return url.error();
  HttpClientOptions options;
  options.server = *url;
  options.max_response = 64u << 20;
  HttpClient client(std::move(options));
  return client.Send(request, kTimeout);
}

Status ReadValues(JsonValue values, std::vector<DeliveredLine>& lines) {
  return values.ForEachElement([&](JsonValue pair) {
    DeliveredLine line;
    int index = 0;
    auto read = pair.ForEachElement([&](JsonValue value) -> Status {
      auto text = value.String();
      if (!text) return {};
      if (index++ == 0) {
        line.time = std::stoll(std::string(*text));
      } else {
        line.text = *text;
      }
      return {};
    });
    lines.push_back(std::move(line));
    return read;
  });
}

Status ReadStream(JsonValue stream, Delivered& out) {
  std::pair<std::string, std::string> labels;
  std::vector<DeliveredLine> lines;
  auto read = stream.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "values") return ReadValues(value, lines);
    if (key != "stream") return {};
    return value.ForEachField([&](std::string_view name, JsonValue label) -> Status {
      if (name == "filename") labels.first = label.String().value_or("");
      if (name == "stream") labels.second = label.String().value_or("");
      return {};
    });
  });
  auto& all = out[labels];
  all.insert(all.end(), lines.begin(), lines.end());
  return read;
}

}  // namespace

BadRoad::BadRoad(std::string loki, std::uint64_t seed, bool tls)
    : loki_(std::move(loki)), front_({.tls = tls}) {
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
  request.target = "/loki/api/v1/push";
  request.headers = {{"Content-Type", push.content_type}};
  const std::string encoding = push.Header("content-encoding");
  if (!encoding.empty()) request.headers.emplace_back("Content-Encoding", encoding);
  request.body = push.body;
  auto answer = Ask(loki_, request);
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

bool BadRoad::ReadBack(const std::string& plan, Delivered& out) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  HttpRequest request;
  request.target = "/loki/api/v1/query_range?direction=forward&limit=5000&query=" +
                   UrlEncode("{plan=\"" + plan + "\"}") +
                   "&start=" + std::to_string(seconds - 3'600) +
                   "&end=" + std::to_string(seconds + 600);
  auto answer = Ask(loki_, request);
  if (!answer || answer->status != 200) return false;
  Delivered read;
  JsonParser parser;
  auto parsed = parser.Parse(answer->body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue data) -> Status {
      if (key != "data") return {};
      return data.ForEachField([&](std::string_view name, JsonValue result) -> Status {
        if (name != "result") return {};
        return result.ForEachElement([&](JsonValue stream) { return ReadStream(stream, read); });
      });
    });
  });
  if (parsed.ok()) out = ByTime(std::move(read));
  return parsed.ok();
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/test_store.h"

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "common/net/http/http_client.h"
#include "common/net/http/url.h"
#include "common/text/json_reader.h"

namespace telltale::faults {
namespace {

constexpr std::chrono::seconds kTimeout{20};

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

// Of LogQL's answer.
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

Status ReadLogql(const std::string& body, Delivered& out) {
  JsonParser parser;
  return parser.Parse(body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue data) -> Status {
      if (key != "data") return {};
      return data.ForEachField([&](std::string_view name, JsonValue result) -> Status {
        if (name != "result") return {};
        return result.ForEachElement([&](JsonValue stream) { return ReadStream(stream, out); });
      });
    });
  });
}

// LogsQL's answer: a JSON object for each line.
Status ReadLogsql(const std::string& body, Delivered& out) {
  JsonParser parser;
  for (const std::string_view text : Split(body, '\n')) {
    if (text.empty()) continue;
    std::pair<std::string, std::string> labels;
    DeliveredLine line;
    auto read = parser.Parse(std::string(text), [&](JsonValue root) {
      return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
        const std::string field(value.String().value_or(""));
        if (key == "filename") labels.first = field;
        if (key == "stream") labels.second = field;
        if (key == "_msg") line.text = field;
        if (key == "_time") line.time = ParseRfc3339(field).value_or(0);
        return {};
      });
    });
    if (!read.ok()) return read;
    out[labels].push_back(std::move(line));
  }
  return {};
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

TestStore TestStore::FromEnvironment() {
  return {Variable("TELLTALE_TEST_LOKI"), Variable("TELLTALE_TEST_STORE") == "victorialogs"};
}

std::string TestStore::PushTarget() const {
  return victoria_logs ? "/insert/loki/api/v1/push" : "/loki/api/v1/push";
}

Result<HttpResponse> TestStore::Ask(const HttpRequest& request) const {
  auto server = ParseUrl(url);
  if (!server) return server.error();
  HttpClientOptions options;
  options.server = *server;
  options.max_response = 64u << 20;
  HttpClient client(std::move(options));
  return client.Send(request, kTimeout);
}

bool TestStore::ReadBack(const std::string& plan, Delivered& out) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  HttpRequest request;
  if (victoria_logs) {
    // What was pushed a moment ago is not searched yet: this makes it so.
    request.target = "/internal/force_flush";
    if (!Ask(request).ok()) return false;
    request.target = "/select/logsql/query?";
  } else {
    request.target = "/loki/api/v1/query_range?direction=forward&";
  }
  request.target += "limit=5000&query=" + UrlEncode("{plan=\"" + plan + "\"}") +
                    "&start=" + std::to_string(seconds - 3'600) +
                    "&end=" + std::to_string(seconds + 600);
  auto answer = Ask(request);
  if (!answer || answer->status != 200) return false;
  Delivered read;
  const Status parsed =
      victoria_logs ? ReadLogsql(answer->body, read) : ReadLogql(answer->body, read);
  if (parsed.ok()) out = ByTime(std::move(read));
  return parsed.ok();
}

std::uint64_t DropRepeats(Delivered& delivered) {
  std::uint64_t repeats = 0;
  for (auto& [labels, lines] : delivered) {
    std::vector<DeliveredLine> kept;
    for (DeliveredLine& line : lines) {
      bool known = false;
      for (auto it = kept.rbegin(); it != kept.rend() && it->time == line.time; ++it) {
        known = known || it->text == line.text;
      }
      repeats += known ? 1 : 0;
      if (!known) kept.push_back(std::move(line));
    }
    lines = std::move(kept);
  }
  return repeats;
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_handler.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "common/exposition/negotiation.h"
#include "common/exposition/openmetrics_parser.h"
#include "common/exposition/proto_parser.h"
#include "common/exposition/text_parser.h"
#include "common/net/http/gzip.h"
#include "sidecar/push/group_path.h"
#include "sidecar/push/pushed_page.h"

namespace telltale {
namespace {

// More than a body of the largest size can hold is refused while it is read.
constexpr std::size_t kMaxSamples = 200'000;
constexpr std::size_t kMaxSnapshot = 64 << 20;

std::string HeaderOf(const HttpRequest& request, std::string_view name) {
  const std::string* value = FindHeader(request.headers, name);
  return value == nullptr ? "" : *value;
}

Result<std::vector<Family>> ParseBody(const HttpRequest& request, std::string_view body,
                                      std::size_t max_samples) {
  const HeaderValue type = ParseHeaderValue(HeaderOf(request, "Content-Type"));
  if (type.value == "application/vnd.google.protobuf" && type.Find("encoding") == "delimited" &&
      type.Find("proto") == "io.prometheus.client.MetricFamily") {
    return ParseProto(body, max_samples);
  }
  if (type.value == "application/openmetrics-text") return ParseOpenMetrics(body, max_samples);
  return ParseText(body, {.crlf = false, .max_samples = max_samples});
}

// As Go's http.Error: a line.
HttpResponse ErrorResponse(int status, std::string sentence) {
  return TextResponse(status, std::move(sentence) + "\n");
}

HttpResponse Empty(int status) {
  HttpResponse response;
  response.status = status;
  return response;
}

}  // namespace

PushHandler::PushHandler(Registry& registry, Clock& clock)
    : registry_(registry),
      store_(clock, [&registry](std::string_view name) { return registry.TypeOf(name); }) {}

void PushHandler::Configure(const std::optional<PushOptions>& options) {
  if (options) {
    if (!metrics_) {
      metrics_ = std::make_unique<PushMetrics>(registry_);
      std::string ignored;
      registry_.Render(ignored);  // some families are made by the first page
    }
    store_.SetLimits(options->limits);
    max_body_ = options->max_body;
  } else {
    store_.Clear();
    if (metrics_) metrics_->ShowStore(0, 0, 0);
  }
  enabled_ = options.has_value();
}

void PushHandler::KeepIn(std::string path) {
  path_ = std::move(path);
  const auto bytes = ReadFile(path_, kMaxSnapshot);
  if (!bytes) {
    if (bytes.error().code != Code::kNotFound) {
      LogWarn("pushed groups of before the restart cannot be read",
              {{"error", bytes.error().message}});
    }
    return;
  }
  const auto groups = ReadPushSnapshot(*bytes);
  if (!groups) {
    LogWarn("pushed groups of before the restart cannot be read",
            {{"file", path_}, {"error", groups.error().message}});
    return;
  }
  store_.Restore(*groups);
  saved_ = store_.version();
}

void PushHandler::Save() {
  const std::uint64_t version = store_.version();
  if (path_.empty() || version == saved_) return;
  const Status status = WriteFileAtomic(path_, WritePushSnapshot(store_.Groups()));
  if (!status.ok() && !save_failed_) {
    LogWarn("pushed groups cannot be kept for a restart", {{"error", status.error().message}});
  }
  save_failed_ = !status.ok();
  saved_ = version;
}

std::size_t PushHandler::MaxBody(const HttpRequest& head, std::size_t other) const {
  return enabled_ && head.from_loopback && IsPushPath(head.path()) ? max_body_.load() : other;
}

void PushHandler::OnRefused(std::string_view target, int status) {
  if (!enabled_ || status != 413 || !IsPushPath(target)) return;
  metrics_->Refused(PushRefusal::kBody,
                    "the body is larger than " + std::to_string(max_body_) + " bytes");
}

std::optional<HttpResponse> PushHandler::Handle(const HttpRequest& request) {
  const std::string_view path = request.path();
  if (!enabled_) return {};
  if (path == "/-/healthy" || path == "/-/ready") return TextResponse(200, "OK");
  if (!IsPushPath(path)) return {};
  if (!request.from_loopback) {
    const std::string sentence =
        "pushes are accepted from the pod itself only: send them to 127.0.0.1";
    metrics_->Refused(PushRefusal::kNotLocal, sentence);
    return ErrorResponse(403, sentence);
  }
  GroupPath group = ParseGroupPath(path);
  if (group.status / 100 == 3) {
    HttpResponse response = Empty(group.status);
    response.headers.emplace_back("Location", group.text);
    return response;
  }
  if (group.status == 404) return ErrorResponse(404, std::move(group.text));
  const std::string& method = request.method;
  if (method != "PUT" && method != "POST" && method != "DELETE") {
    HttpResponse response = ErrorResponse(405, "Method Not Allowed");
    response.headers.emplace_back("Allow", "DELETE, OPTIONS, POST, PUT");
    if (method == "OPTIONS") response.status = 200;
    return response;
  }
  const auto begin = std::chrono::steady_clock::now();
  const bool deletes = method == "DELETE";
  HttpResponse response = group.status != 200 ? ErrorResponse(group.status, std::move(group.text))
                          : deletes           ? Delete(group.labels)
                                              : Push(request, group.labels);
  const std::string lower = LowerAscii(method);
  metrics_->Answered(response.status, deletes ? "delete" : "push", lower);
  if (!deletes) {
    metrics_->Pushed(lower, request.body.size(), std::chrono::steady_clock::now() - begin);
  }
  return response;
}

HttpResponse PushHandler::Push(const HttpRequest& request, const Labels& group) {
  std::string unpacked;
  std::string_view body = request.body;
  if (LowerAscii(HeaderOf(request, "Content-Encoding")) == "gzip") {
    auto text = GzipDecompress(body, max_body_);
    if (!text) {
      const bool large = text.error().code == Code::kTooLarge;
      if (large) metrics_->Refused(PushRefusal::kBody, text.error().message);
      return ErrorResponse(large ? 413 : 400, "gzip: " + text.error().message);
    }
    unpacked = *std::move(text);
    body = unpacked;
  }
  auto families = ParseBody(request, body, kMaxSamples);
  if (!families) {
    const bool large = families.error().code == Code::kTooLarge;
    if (large) metrics_->Refused(PushRefusal::kSeries, families.error().message);
    return ErrorResponse(large ? 413 : 400, families.error().message);
  }
  std::string limit;
  const Status status = store_.Push(group, *std::move(families), request.method == "PUT", limit);
  if (status.ok()) return Empty(200);
  if (status.error().code != Code::kTooLarge) return ErrorResponse(400, status.error().message);
  metrics_->Refused(limit == "groups" ? PushRefusal::kGroups : PushRefusal::kSeries,
                    status.error().message);
  return ErrorResponse(429, status.error().message);
}

// Which groups are gone is what people get wrong most: the group of `job/j` alone, not all of job
// j.
HttpResponse PushHandler::Delete(const Labels& group) {
  HttpResponse response = Empty(202);
  const bool deleted = store_.Delete(group);
  response.headers.emplace_back("X-Telltale-Groups-Deleted", deleted ? "1" : "0");
  return response;
}

void PushHandler::RenderPage(PageWriter& writer) {
  const PushedFamilies files = files_ ? files_() : PushedFamilies();
  if (!enabled_ && files.empty()) return registry_.Render(writer, nullptr);
  std::size_t hidden = 0;
  auto pushed = enabled_ ? store_.Page() : std::make_shared<const PushedFamilies>();
  PushedPage page(Merged(std::move(pushed), files, hidden));
  if (enabled_) metrics_->ShowStore(store_.groups(), store_.series(), hidden_);
  registry_.Render(writer, &page);
  hidden_ = hidden + page.hidden();  // shown on the next page
}

}  // namespace telltale

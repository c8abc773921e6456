// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/http_probe.h"

#include <algorithm>
#include <utility>

#include "sidecar/poll/location.h"
#include "sidecar/poll/poll_access.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxRedirects = 5;

Url UrlOf(const std::string& text) {
  auto url = ParseUrl(text);
  return url ? *std::move(url) : Url{};
}

std::string Section(const HttpPollConfig& config) {
  return "collectors.http.polls " + config.Name();
}

// Credentials are for the server of the URL alone.
Access WithoutCredentials(const AccessConfig& config) {
  Access access;
  access.tls_files.ca = config.ca_file;
  access.insecure_skip_verify = config.insecure_skip_verify;
  return access;
}

std::string_view FailureOf(const Error& error, HttpStage stage) {
  if (error.code == Code::kTimeout) return "timeout";
  if (error.code == Code::kPermission) return "credentials";
  switch (stage) {
    case HttpStage::kLookup:
      return "lookup";
    case HttpStage::kConnect:
    case HttpStage::kProxy:
      return "connect";
    case HttpStage::kTls:
      return "tls";
    case HttpStage::kRequest:
    case HttpStage::kAnswer:
      break;
  }
  return "answer";
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void Fails(PollResult& result, std::string_view failure, std::string error) {
  result.failure = failure;
  result.error = std::move(error);
}

}  // namespace

HttpProbe::HttpProbe(HttpPollConfig config, Clock& clock)
    : config_(std::move(config)),
      url_(UrlOf(config_.url)),
      clock_(clock),
      client_(config_.url, AccessOf(config_.access), Section(config_), config_.Name(),
              milliseconds(config_.timeout_ms), clock) {
  if (config_.body.empty()) return;
  if (auto regex = Regex::Compile(config_.body)) body_regex_ = std::move(*regex);
}

AccessClient& HttpProbe::ClientFor(const Url& url) {
  if (SameOrigin(url, url_)) return client_;
  MutexLock lock(mutex_);
  other_ = std::make_unique<AccessClient>(UrlText(url), WithoutCredentials(config_.access),
                                          Section(config_), config_.Name(),
                                          milliseconds(config_.timeout_ms), clock_);
  if (cancelled_) other_->Cancel();
  return *other_;
}

bool HttpProbe::Ask(AccessClient& client, const std::string& target, milliseconds timeout,
                    PollResult& result) {
  HttpRequest request;
  request.method = config_.method;
  request.target = target;
  request.headers = {{"Accept", "*/*"}};
  const auto limit = static_cast<std::size_t>(config_.max_body);
  body_.clear();
  const auto response = client.Stream(std::move(request), {.whole = timeout, .silence = timeout},
                                      [&](std::string_view piece) {
                                        body_.append(piece.substr(0, limit + 1 - body_.size()));
                                        return body_.size() <= limit;  // else the rest is not read
                                      });
  if (!result.expiry) result.expiry = client.certificate_expiry();
  const HttpStage stage = client.stage();
  client.Disconnect();
  if (!response.ok()) {
    result.cancelled = response.error().code == Code::kCancelled;
    Fails(result, FailureOf(response.error(), stage), response.error().message);
    return false;
  }
  response_ = *response;
  if (response_.status != 200) body_ = response_.body.substr(0, limit + 1);
  result.status = response_.status;
  result.truncated = body_.size() > limit;
  if (result.truncated) body_.resize(limit);
  if (response_.status == 401 || response_.status == 403) client.Rejected();
  return true;
}

void HttpProbe::Judge(PollResult& result) const {
  const auto& wanted = config_.status;
  const bool good = wanted.empty()
                        ? result.status / 100 == 2
                        : std::find(wanted.begin(), wanted.end(), result.status) != wanted.end();
  if (body_regex_) result.body_matched = body_regex_->Matches(body_);
  if (!good) {
    Fails(result, "status", "the answer is HTTP " + std::to_string(result.status));
  } else if (body_regex_ && !*result.body_matched) {
    Fails(result, "body",
          "the body does not match" +
              (result.truncated ? " in its first " + std::to_string(config_.max_body) + " bytes"
                                : std::string()));
  }
}

PollResult HttpProbe::Run(milliseconds timeout) {
  PollResult result;
  const SteadyTime deadline = clock_.Steady() + timeout;
  Url url = url_;
  for (int redirects = 0;; ++redirects) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.Steady());
    if (left <= milliseconds(0)) {
      Fails(result, "timeout", "the redirects took longer than the timeout");
      return result;
    }
    if (!Ask(ClientFor(url), url.target, left, result)) return result;
    if (!config_.follow_redirects || !IsRedirect(result.status)) break;
    const std::string* location = FindHeader(response_.headers, "Location");
    auto next = FollowLocation(url, location != nullptr ? *location : "");
    if (!next.ok()) {
      Fails(result, "redirect",
            "HTTP " + std::to_string(result.status) + ": " + next.error().message);
      return result;
    }
    if (redirects == kMaxRedirects) {
      Fails(result, "redirect", "more than " + std::to_string(kMaxRedirects) + " redirects");
      return result;
    }
    url = *std::move(next);
  }
  Judge(result);
  response_ = {};
  body_ = {};
  return result;
}

void HttpProbe::Cancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  client_.Cancel();
  if (other_) other_->Cancel();
}

}  // namespace telltale

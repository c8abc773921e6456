// SPDX-License-Identifier: Apache-2.0
//
// One poll of a URL: the request with its redirects, and whether the answer is what was asked for.
// Each poll opens a connection of its own, so it sees a server that takes no more connections and a
// certificate that was renewed. One thread; Cancel may come from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/access/access_client.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/net/http/url.h"
#include "sidecar/config/collectors_config.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {

struct PollResult {
  std::string_view failure;  // one of kPollFailures; empty: success
  std::string error;         // a sentence
  int status = 0;            // of the last answer; 0: none came
  // Of the first server that showed certificates, also if it was not trusted or refused us.
  std::optional<std::int64_t> expiry;
  std::optional<bool> body_matched;  // if a body is asked for and one came
  bool truncated = false;            // the body was longer than what is read of it
  bool cancelled = false;
};

// Why a poll failed. credentials: a file of ours cannot be read. connect: no connection, or a proxy
// refused it. answer: no HTTP, or a connection that ended before the answer did.
inline constexpr std::string_view kPollFailures[] = {
    "answer", "body", "connect", "credentials", "lookup", "redirect", "status", "timeout", "tls"};

class HttpProbe {
 public:
  // `config` was checked by the decoder.
  HttpProbe(HttpPollConfig config, Clock& clock);

  // Blocks for `timeout` at most.
  PollResult Run(std::chrono::milliseconds timeout);
  // Ends a Run that waits, and all later ones.
  void Cancel() EXCLUDES(mutex_);

 private:
  // Answered: `body` and `response` are set. Else `result` says what went wrong.
  bool Ask(AccessClient& client, const std::string& target, std::chrono::milliseconds timeout,
           PollResult& result);
  AccessClient& ClientFor(const Url& url);
  void Judge(PollResult& result) const;

  const HttpPollConfig config_;
  const Url url_;
  Clock& clock_;
  std::optional<Regex> body_regex_;
  AccessClient client_;
  HttpResponse response_;  // of the last answer
  std::string body_;       // of it, at most config_.max_body

  Mutex mutex_;
  // For the server that a redirect leads to. Replaced under mutex_ by the thread that runs.
  std::unique_ptr<AccessClient> other_;
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 requests out of a buffer of received bytes. Pure; thread-safe.
#pragma once

#include <string>

#include "operator/kube/client/transport.h"
#include "tests/fakes/kube/cluster/fake_reply.h"

namespace telltale {

struct ParsedRequest {
  ApiRequest request;
  FakeCaller caller;
  bool keep_alive = true;
};

enum class ParseOutcome { kDone, kNeedMore, kBad };
// Takes one request off the front of `buffer`. `wants_continue` is set while the client waits for
// "100 Continue" before it sends the body.
ParseOutcome TakeRequest(std::string& buffer, ParsedRequest& out, bool& wants_continue);

}  // namespace telltale

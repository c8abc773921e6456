// SPDX-License-Identifier: Apache-2.0
//
// What Loki, or a proxy before it, answers to a push: a line with the status, one with Retry-After,
// the body. Lines are lost for a named reason only, and never more than were sent.
#include "common/base/check.h"
#include "common/base/strings.h"
#include "sidecar/loki/push_answer.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  constexpr std::uint64_t kLines = 1000;
  HttpResponse response;
  response.status = static_cast<int>(ParseInt(TakeLine(text)).value_or(400) % 1000);
  response.headers.emplace_back("retry-after", TakeLine(text));
  response.body = text;
  const PushAnswer answer = ReadPushAnswer(response, kLines, 1 << 20);
  const bool refused = answer.kind == PushAnswer::Kind::kRefused;
  TELLTALE_CHECK(answer.lost_lines <= (refused ? kLines : 0));
  TELLTALE_CHECK(!refused || !answer.reason.empty());
  TELLTALE_CHECK(answer.retry_after >= std::chrono::seconds(0));
  TELLTALE_CHECK(answer.retry_after <= std::chrono::minutes(10));
  const bool stored = answer.kind == PushAnswer::Kind::kStored;
  TELLTALE_CHECK(!stored || response.status == 200 || response.status == 204);
  TELLTALE_CHECK(stored || response.status != 204);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus, or whatever answers at its address, says of the targets and of the sidecars:
// read whole and in pieces, which must come to the same.
#include <algorithm>

#include "common/base/check.h"
#include "operator/reconcile/prometheus/prometheus_answer.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

using Kind = PrometheusAnswer::Kind;

Status Read(Kind kind, std::string_view text, std::size_t piece, PrometheusView& view) {
  static JsonParser parser;
  PrometheusAnswer answer(kind, parser, view);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    const Status fed = answer.Feed(text.substr(0, piece));
    if (!fed.ok()) return fed;
  }
  return answer.Finish();
}

}  // namespace

void FuzzOne(std::string_view text) {
  const std::size_t piece = text.size() % 16 + 1;
  PrometheusView whole, pieces;
  whole.known = pieces.known = true;
  for (const Kind kind : {Kind::kActiveTargets, Kind::kLoggingPods}) {
    const Status at_once = Read(kind, text, text.size() + 1, whole);
    const Status cut = Read(kind, text, piece, pieces);
    TELLTALE_CHECK(at_once.ok() == cut.ok());
    TELLTALE_CHECK(at_once.ok() || !at_once.error().message.empty());
  }
  whole.Seal();
  pieces.Seal();
  TELLTALE_CHECK(whole.ChangesSince(&pieces).empty());
}

}  // namespace telltale

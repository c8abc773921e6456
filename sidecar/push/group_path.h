// SPDX-License-Identifier: Apache-2.0
//
// The path of a push, /metrics/job/NAME{/LABEL/VALUE}, and the group that it names, as Pushgateway
// reads it: percent-encoding first, then slashes; `LABEL@base64` has its value in base64url, with
// or without padding. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/base/strings.h"

namespace telltale {

// One of: a redirect, an answer, a group.
struct GroupPath {
  int status = 200;
  std::string text;  // of an answer that is no 200; of a redirect, where to
  Labels labels;     // of the group, sorted, with `job`
};

// Whether a path is for pushes at all: /metrics/ and what is below.
bool IsPushPath(std::string_view path);

GroupPath ParseGroupPath(std::string_view path);

}  // namespace telltale

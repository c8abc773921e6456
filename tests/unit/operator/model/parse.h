// SPDX-License-Identifier: Apache-2.0
//
// Runs a decoder over a text, for the tests of operator/model.
#pragma once

#include <string>
#include <string_view>

#include "common/text/json_reader.h"

namespace telltale {

template <class T>
Status Parse(std::string_view json, Status (*decode_one)(JsonValue, T&), T& out) {
  JsonParser parser;
  return parser.Parse(json, [&](JsonValue root) { return decode_one(root, out); });
}

// The message of the error, or "" when there is none.
template <class T>
std::string ErrorOf(std::string_view json, Status (*decode_one)(JsonValue, T&)) {
  T out;
  const Status status = Parse(json, decode_one, out);
  return status.ok() ? "" : status.error().message;
}

}  // namespace telltale

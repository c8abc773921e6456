// SPDX-License-Identifier: Apache-2.0
//
// A document as it is read, written down, for the tests of JsonParser.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "common/text/json_reader.h"

namespace telltale {

// Reads everything there is, so that nothing malformed is skipped, and writes down what it saw.
inline Status Walk(JsonValue value, std::string& out) {
  switch (value.type()) {
    case JsonValue::Type::kObject:
      out += '{';
      TELLTALE_TRY(value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
        out.append(key).append("=");
        return Walk(member, out);
      }));
      out += '}';
      return {};
    case JsonValue::Type::kArray:
      out += '[';
      TELLTALE_TRY(
          value.ForEachElement([&](JsonValue element) -> Status { return Walk(element, out); }));
      out += ']';
      return {};
    case JsonValue::Type::kString:
      if (const auto text = value.String()) out.append("'").append(*text).append("'");
      return {};
    case JsonValue::Type::kNumber:
      if (const auto number = value.Int()) {
        out += std::to_string(*number) + " ";
      } else if (const auto real = value.Double()) {
        out += std::to_string(*real) + "f ";
      }
      return {};
    case JsonValue::Type::kBool:
      out += *value.Bool() ? "T" : "F";
      return {};
    case JsonValue::Type::kNull:
      out += "N";
      return {};
    case JsonValue::Type::kInvalid:
      break;
  }
  return {};
}

struct Outcome {
  bool ok;
  std::string text;
};

inline Outcome Read(std::string_view json) {
  JsonParser parser;
  std::string out;
  const Status status = parser.Parse(json, [&](JsonValue root) { return Walk(root, out); });
  return {status.ok(), status.ok() ? out : status.error().message};
}

inline constexpr std::string_view kPod = R"({
  "kind": "Pod", "metadata": {"name": "shop-\u0031", "namespace": "shop", "uid": "a-b",
    "labels": {"app": "shop", "tier": "web \ud83d\ude00"}, "annotations": {"x": "{\"a\": [1, 2]}"},
    "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {".": {}}}}]},
  "spec": {"nodeName": "n1", "terminationGracePeriodSeconds": 30, "containers": [
    {"name": "shop", "image": "shop:1", "ports": [{"name": "http", "containerPort": 8080}],
     "resources": {}, "stdin": false, "args": ["-a", "", null, true, -1.5e3]}]},
  "status": {"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}]}
})";

}  // namespace telltale

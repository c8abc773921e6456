// SPDX-License-Identifier: Apache-2.0
#include "examples/shop/app/notifications.h"

#include <utility>

#include "common/text/json_reader.h"

namespace shop {
namespace {

using telltale::JsonValue;
using telltale::Status;

Status ReadAlert(JsonValue alert, std::vector<std::string>& lines) {
  std::string name = "an alert without a name", status = "unknown";
  Status read = alert.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "status") status = value.String().value_or("unknown");
    if (key != "labels") return {};
    return value.ForEachField([&](std::string_view label, JsonValue text) -> Status {
      if (label == "alertname") name = text.String().value_or("");
      return {};
    });
  });
  if (read.ok()) lines.push_back("Alertmanager says: " + name + " is " + status);
  return read;
}

}  // namespace

telltale::Result<std::vector<std::string>> Notifications(std::string_view body) {
  std::vector<std::string> lines;
  telltale::JsonParser parser;
  Status read = parser.Parse(body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "alerts") return {};
      return value.ForEachElement([&](JsonValue alert) { return ReadAlert(alert, lines); });
    });
  });
  if (!read.ok()) return read.error();
  return lines;
}

}  // namespace shop

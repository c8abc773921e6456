// SPDX-License-Identifier: Apache-2.0
//
// The answer to a LIST: where the network cuts it changes nothing about its objects, and of JSON it
// finds the objects that the parser finds.
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/text/json_cutter.h"
#include "operator/kube/watch/watch_event.h"
#include "tests/fuzz/cut.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

struct Parts {
  bool ok = true, complete = false;
  std::vector<std::string> items;
  std::string metadata;
  bool operator==(const Parts&) const = default;
};

Parts Cut(std::string_view text, std::size_t piece) {
  JsonCutter cutter({.array = {"items"}, .kept = "metadata", .max_element = 1u << 20});
  Parts out;
  FeedInPieces(text, piece, [&](std::string_view part) {
    const Status fed = cutter.Feed(part, [&](std::string_view item) -> Status {
      out.items.emplace_back(item);
      return {};
    });
    if (!fed.ok()) TELLTALE_CHECK(!fed.error().message.empty());
    return out.ok = fed.ok();
  });
  out.complete = cutter.complete();
  out.metadata = cutter.kept();
  return out;
}

// Reads every part, because the parser checks only what is read.
Status AllOf(JsonValue value, JsonValue::Type wanted = JsonValue::Type::kInvalid) {
  const JsonValue::Type type = value.type();
  if (wanted != JsonValue::Type::kInvalid && type != wanted) {
    return Fail(Code::kInvalid, "not what is wanted");
  }
  switch (type) {
    case JsonValue::Type::kObject:
      return value.ForEachField([](std::string_view, JsonValue field) { return AllOf(field); });
    case JsonValue::Type::kArray:
      return value.ForEachElement([](JsonValue element) { return AllOf(element); });
    case JsonValue::Type::kString:
      if (!value.String()) return Fail(Code::kInvalid, "not a string");
      return {};
    case JsonValue::Type::kInvalid:
      return Fail(Code::kInvalid, "misspelt");
    default:
      return {};
  }
}

std::vector<std::string> ItemsByParser(JsonParser& parser, std::string_view text) {
  std::vector<std::string> items;
  const Status read = parser.Parse(text, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "items" || value.type() != JsonValue::Type::kArray) return {};
      return value.ForEachElement([&](JsonValue element) -> Status {
        if (element.type() == JsonValue::Type::kObject) items.emplace_back(*element.Raw());
        return {};
      });
    });
  });
  TELLTALE_CHECK(read.ok());
  return items;
}

}  // namespace

void FuzzOne(std::string_view text) {
  static JsonParser parser;
  const Parts whole = ReadInAnyPieces(text, Cut);
  for (const std::string& item : whole.items) {
    TELLTALE_CHECK(item.front() == '{' && (item.back() == '}' || item.back() == ']'));
  }
  const bool is_list =
      parser.Parse(text, [](JsonValue root) { return AllOf(root, JsonValue::Type::kObject); }).ok();
  if (is_list) {
    TELLTALE_CHECK(whole.ok && whole.complete);
    // Keys are compared as they stand; no server writes "items" with escapes.
    if (text.find('\\') == std::string_view::npos) {
      TELLTALE_CHECK(whole.items == ItemsByParser(parser, text));
    }
  }
  ListMeta meta;
  const Status ignored = DecodeListMeta(parser, whole.metadata, meta);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/json_tree.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/text/json_reader.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

Status Read(JsonValue value, Json& out) {
  switch (value.type()) {
    case JsonValue::Type::kNull:
      return {};
    case JsonValue::Type::kString:
      out.type = Json::Type::kString;
      if (auto text = value.String()) {
        out.text = *text;
        return {};
      }
      return Fail(Code::kInvalid, "a string is malformed");
    case JsonValue::Type::kBool:
    case JsonValue::Type::kNumber:
      out.type = Json::Type::kScalar;
      if (auto raw = value.Raw()) {
        out.text = *raw;
        return {};
      }
      return Fail(Code::kInvalid, "a number is malformed");
    case JsonValue::Type::kArray:
      out.type = Json::Type::kArray;
      return value.ForEachElement(
          [&](JsonValue element) -> Status { return Read(element, out.items.emplace_back()); });
    case JsonValue::Type::kObject:
      out.type = Json::Type::kObject;
      return value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
        out.keys.emplace_back(key);
        return Read(member, out.items.emplace_back());
      });
    case JsonValue::Type::kInvalid:
      break;
  }
  return Fail(Code::kInvalid, "a value is malformed");
}

// The members in a new order: order[i] is the old place of the i-th.
void Reorder(Json& object, const std::vector<std::size_t>& order) {
  std::vector<std::string> keys;
  std::vector<Json> items;
  for (const std::size_t at : order) {
    keys.push_back(std::move(object.keys[at]));
    items.push_back(std::move(object.items[at]));
  }
  object.keys = std::move(keys);
  object.items = std::move(items);
}

std::vector<std::size_t> Places(const Json& object) {
  std::vector<std::size_t> order(object.keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

}  // namespace

const Json* Json::Find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

Json* Json::Find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).Find(key)); }

Json& Json::operator[](std::string_view key) {
  if (type != Type::kObject) *this = Object();
  if (Json* found = Find(key)) return *found;
  keys.emplace_back(key);
  return items.emplace_back();
}

void Json::Erase(std::string_view key) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] != key) continue;
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

std::string_view Json::StringOf(std::string_view key) const {
  const Json* found = Find(key);
  return found != nullptr && found->type == Type::kString ? std::string_view(found->text)
                                                          : std::string_view();
}

bool Json::operator==(const Json& other) const {
  if (type != other.type || text != other.text || items.size() != other.items.size()) return false;
  if (type != Type::kObject) return items == other.items;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Json* theirs = other.Find(keys[i]);
    if (theirs == nullptr || !(*theirs == items[i])) return false;
  }
  return true;
}

void Json::SortKeys() {
  if (is_object()) {
    auto order = Places(*this);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return keys[a] < keys[b]; });
    Reorder(*this, order);
  }
  for (Json& item : items) item.SortKeys();
}

void Json::OrderKeys(const std::vector<std::string_view>& first) {
  if (!is_object()) return;
  const auto rank = [&](std::size_t at) {
    return std::find(first.begin(), first.end(), keys[at]) - first.begin();
  };
  auto order = Places(*this);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
  Reorder(*this, order);
}

void Json::AppendTo(std::string& out) const {
  switch (type) {
    case Type::kNull:
      out += "null";
      return;
    case Type::kString:
      AppendJsonString(text, out);
      return;
    case Type::kScalar:
      out += text;
      return;
    case Type::kArray:
    case Type::kObject:
      break;
  }
  out += is_object() ? '{' : '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += ',';
    if (is_object()) {
      AppendJsonString(keys[i], out);
      out += ':';
    }
    items[i].AppendTo(out);
  }
  out += is_object() ? '}' : ']';
}

std::string Json::Text() const {
  std::string out;
  AppendTo(out);
  return out;
}

Result<Json> ParseJsonTree(std::string_view text) {
  JsonParser parser;
  Json root;
  const Status status = parser.Parse(text, [&](JsonValue value) { return Read(value, root); });
  if (!status.ok()) return status.error();
  return root;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/plan/json_tree.h"

#include <stdexcept>

#include "common/base/strings.h"
#include "common/text/json_reader.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

Status Build(JsonValue value, JsonTree& out) {
  const auto type = value.type();
  if (type == JsonValue::Type::kObject) {
    return value.ForEachField([&](std::string_view key, JsonValue member) {
      auto& item = out.items.emplace_back(std::string(key), JsonTree());
      return Build(member, item.second);
    });
  }
  if (type == JsonValue::Type::kArray) {
    out.is_array = true;
    return value.ForEachElement(
        [&](JsonValue item) { return Build(item, out.items.emplace_back().second); });
  }
  const auto raw = value.Raw();
  if (!raw) return Fail(Code::kInvalid, "malformed");
  out.scalar = Trim(*raw);
  return {};
}

std::string Unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out.push_back(token[i]);
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) {
      throw std::runtime_error("bad escape in a pointer");
    }
    out.push_back(token[i] == '0' ? '~' : '/');
  }
  return out;
}

void AddToArray(JsonTree& array, const std::string& token, JsonTree value) {
  const auto index =
      token == "-" ? array.items.size() : static_cast<std::size_t>(std::stoul(token));
  if (index > array.items.size()) throw std::runtime_error("index beyond the array: " + token);
  array.items.insert(array.items.begin() + static_cast<std::ptrdiff_t>(index),
                     {"", std::move(value)});
}

void AddAt(JsonTree& parent, const std::string& token, JsonTree value) {
  if (!parent.scalar.empty()) throw std::runtime_error("the parent is no container: " + token);
  if (parent.is_array) return AddToArray(parent, token, std::move(value));
  for (auto& [key, item] : parent.items) {
    if (key == token) {
      item = std::move(value);
      return;
    }
  }
  parent.items.emplace_back(token, std::move(value));
}

JsonTree& Step(JsonTree& node, const std::string& token) {
  if (node.is_array) return node.items.at(std::stoul(token)).second;
  for (auto& [key, item] : node.items) {
    if (key == token) return item;
  }
  throw std::runtime_error("nothing at " + token);
}

std::string StringOf(const JsonTree& node) { return node.scalar.substr(1, node.scalar.size() - 2); }

}  // namespace

const JsonTree* JsonTree::Find(const std::string& key) const {
  for (const auto& [name, item] : items) {
    if (name == key) return &item;
  }
  return nullptr;
}

const JsonTree& JsonTree::At(const std::string& key) const {
  const JsonTree* found = Find(key);
  if (!found) throw std::runtime_error("no member " + key);
  return *found;
}

std::string JsonTree::Text() const {
  if (!scalar.empty()) return scalar;
  std::string out = is_array ? "[" : "{";
  for (const auto& [key, item] : items) {
    if (out.size() > 1) out += ",";
    if (!is_array) {
      AppendJsonString(key, out);
      out += ":";
    }
    out += item.Text();
  }
  return out + (is_array ? "]" : "}");
}

JsonTree ParseTree(const std::string& json) {
  JsonTree tree;
  JsonParser parser;
  const Status status = parser.Parse(json, [&](JsonValue root) { return Build(root, tree); });
  if (!status.ok()) throw std::runtime_error(status.error().message + ": " + json);
  return tree;
}

JsonTree ApplyPatch(JsonTree document, const std::string& patch) {
  for (const auto& [none, operation] : ParseTree(patch).items) {
    if (StringOf(operation.At("op")) != "add") throw std::runtime_error("only add is known");
    const std::string path = StringOf(operation.At("path"));
    const auto tokens = Split(path, '/');
    JsonTree* node = &document;
    for (std::size_t i = 1; i + 1 < tokens.size(); ++i) node = &Step(*node, Unescape(tokens[i]));
    AddAt(*node, Unescape(tokens.back()), operation.At("value"));
  }
  return document;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/fields.h"

#include <algorithm>
#include <array>
#include <optional>

namespace telltale {
namespace {

// Lists whose items have an identity, and the members that make it (the x-kubernetes-list-map-keys
// of the types that are written in tests).
const std::vector<std::string>* ListKeys(std::string_view field) {
  static const auto& keys = *new std::map<std::string, std::vector<std::string>, std::less<>>{
      {"conditions", {"type"}},        {"webhooks", {"name"}},       {"containers", {"name"}},
      {"initContainers", {"name"}},    {"volumes", {"name"}},        {"env", {"name"}},
      {"volumeMounts", {"mountPath"}}, {"ownerReferences", {"uid"}}, {"podIPs", {"ip"}}};
  const auto found = keys.find(field);
  return found == keys.end() ? nullptr : &found->second;
}

std::optional<std::string> ItemKey(const std::vector<std::string>& names, const Json& item) {
  Json key = Json::Object();
  for (const std::string& name : names) {
    const Json* value = item.Find(name);
    if (value == nullptr) return std::nullopt;
    key[name] = *value;
  }
  return "k:" + key.Text();
}

// The list's keys when each of its items has them.
const std::vector<std::string>* KeyedList(std::string_view field, const Json& list) {
  const auto* names = list.is_array() ? ListKeys(field) : nullptr;
  if (names == nullptr) return nullptr;
  const bool all = std::all_of(list.items.begin(), list.items.end(),
                               [&](const Json& item) { return ItemKey(*names, item).has_value(); });
  return all ? names : nullptr;
}

bool ServerOwned(const FieldPath& path, const std::string& key) {
  if (path.empty()) return key == "kind" || key == "apiVersion";
  if (path.size() != 1 || path[0] != "f:metadata") return false;
  return key != "labels" && key != "annotations" && key != "ownerReferences" && key != "finalizers";
}

void Collect(const Json& value, std::string_view field, FieldPath& path, FieldSet& out) {
  if (value.is_object() && !value.items.empty()) {
    for (std::size_t i = 0; i < value.keys.size(); ++i) {
      if (ServerOwned(path, value.keys[i])) continue;
      path.push_back("f:" + value.keys[i]);
      Collect(value.items[i], value.keys[i], path, out);
      path.pop_back();
    }
    return;
  }
  const auto* names = KeyedList(field, value);
  if (names == nullptr) {
    if (!path.empty()) out.insert(path);
    return;
  }
  // An empty list of this kind owns nothing, unlike an empty map.
  for (const Json& item : value.items) {
    path.push_back(*ItemKey(*names, item));
    out.insert(path);
    Collect(item, "", path, out);
    path.pop_back();
  }
}

void CollectMaps(const Json& value, bool custom, FieldPath& path, FieldSet& out) {
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const std::string& key = value.keys[i];
    if (!value.items[i].is_object() || value.items[i].items.empty()) continue;
    if (ServerOwned(path, key)) continue;
    path.push_back("f:" + key);
    const bool struct_in_all = path.size() == 1 && key == "metadata";
    const bool map = key == "data" || key == "labels" || key == "annotations";
    if (map || (custom && !struct_in_all)) out.insert(path);
    CollectMaps(value.items[i], custom, path, out);
    path.pop_back();
  }
}

template <class AnyJson>
AnyJson* Step(AnyJson* value, const std::string& element, std::string_view field) {
  if (element.compare(0, 2, "f:") == 0) return value->Find(std::string_view(element).substr(2));
  const auto* names = ListKeys(field);
  if (names == nullptr || !value->is_array()) return nullptr;
  for (auto& item : value->items) {
    if (ItemKey(*names, item) == element) return &item;
  }
  return nullptr;
}

void ReadSet(const Json& node, FieldPath& path, FieldSet& out) {
  if (node.items.empty() && !path.empty()) out.insert(path);
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i] == ".") {
      out.insert(path);
      continue;
    }
    path.push_back(node.keys[i]);
    ReadSet(node.items[i], path, out);
    path.pop_back();
  }
}

Json SetTree(const FieldSet& fields) {
  Json root = Json::Object();
  for (const FieldPath& path : fields) {  // sorted: a path comes before those it begins
    Json* at = &root;
    for (const std::string& element : path) {
      Json& next = (*at)[element];
      if (!next.is_object()) next = Json::Object();
      at = &next;
    }
    const auto after = fields.upper_bound(path);
    if (after != fields.end() && StartsWith(*after, path)) (*at)["."] = Json::Object();
  }
  return root;
}

// True when the value is empty now, so that its owner may drop it too.
bool Remove(const FieldPath& path, std::size_t depth, std::string_view field, Json& value) {
  const std::string& element = path[depth];
  Json* next = Step(&value, element, field);
  if (next == nullptr) return false;
  const bool is_field = element.compare(0, 2, "f:") == 0;
  const std::string name = is_field ? element.substr(2) : std::string();
  const bool last = depth + 1 == path.size();
  if (!last && !Remove(path, depth + 1, name, *next)) return false;
  if (is_field) {
    value.Erase(name);
  } else {
    value.items.erase(value.items.begin() + (next - value.items.data()));
  }
  return value.items.empty();
}

}  // namespace

FieldOwners ReadOwners(const Json& object) {
  FieldOwners out;
  const Json* metadata = object.Find("metadata");
  const Json* list = metadata == nullptr ? nullptr : metadata->Find("managedFields");
  if (list == nullptr) return out;
  for (const Json& entry : list->items) {
    FieldOwner owner{std::string(entry.StringOf("manager")), entry.StringOf("operation") == "Apply",
                     std::string(entry.StringOf("subresource"))};
    OwnedFields& owned = out[owner];
    owned.time = entry.StringOf("time");
    owned.api_version = entry.StringOf("apiVersion");
    FieldPath path;
    if (const Json* fields = entry.Find("fieldsV1")) ReadSet(*fields, path, owned.fields);
  }
  return out;
}

void WriteOwners(const FieldOwners& owners, bool custom, Json& object) {
  Json list = Json::Array();
  for (const bool apply : {true, false}) {  // the server writes appliers first
    for (const auto& [owner, owned] : owners) {
      if (owner.apply != apply || owned.fields.empty()) continue;
      Json& entry = list.items.emplace_back(Json::Object());
      entry["manager"] = Json::String(owner.manager);
      entry["operation"] = Json::String(apply ? "Apply" : "Update");
      entry["apiVersion"] = Json::String(owned.api_version);
      entry["time"] = Json::String(owned.time);
      entry["fieldsType"] = Json::String("FieldsV1");
      entry["fieldsV1"] = SetTree(owned.fields);
      if (!owner.subresource.empty()) entry["subresource"] = Json::String(owner.subresource);
      if (custom) entry.SortKeys();
    }
  }
  if (list.items.empty()) {
    object["metadata"].Erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(list);
  }
}

FieldSet FieldsOf(const Json& object) {
  FieldSet out;
  FieldPath path;
  Collect(object, "", path, out);
  return out;
}

FieldSet MapsOf(const Json& object, bool custom) {
  FieldSet out;
  FieldPath path;
  CollectMaps(object, custom, path, out);
  return out;
}

void MergeFields(const Json& change, Json& live) {
  if (!change.is_object() || !live.is_object()) {
    live = change;
    return;
  }
  for (std::size_t i = 0; i < change.keys.size(); ++i) {
    const std::string& key = change.keys[i];
    const Json& value = change.items[i];
    Json& mine = live[key];
    const auto* names = KeyedList(key, value);
    if (names == nullptr || KeyedList(key, mine) == nullptr) {
      if (value.is_object() && !mine.is_object()) mine = Json::Object();
      MergeFields(value, mine);
      continue;
    }
    for (const Json& item : value.items) {
      Json* same = Step(&mine, *ItemKey(*names, item), key);
      if (same == nullptr) {
        mine.items.push_back(item);
      } else {
        MergeFields(item, *same);
      }
    }
  }
}

void RemoveField(const FieldPath& path, Json& object) {
  if (!path.empty()) Remove(path, 0, "", object);
}

const Json* FindField(const FieldPath& path, const Json& object) {
  const Json* at = &object;
  std::string_view field;
  for (const std::string& element : path) {
    at = Step(at, element, field);
    if (at == nullptr) return nullptr;
    field = element.compare(0, 2, "f:") == 0 ? std::string_view(element).substr(2) : "";
  }
  return at;
}

std::string FieldText(const FieldPath& path) {
  std::string out;
  for (const std::string& element : path) {
    const std::string_view rest = std::string_view(element).substr(2);
    if (element[0] == 'f') {
      out.append(".").append(rest);
      continue;
    }
    // k:{"type":"Ready"} is reported as [type="Ready"].
    auto key = ParseJsonTree(rest);
    out += '[';
    for (std::size_t i = 0; key.ok() && i < key->keys.size(); ++i) {
      out.append(i == 0 ? "" : ",").append(key->keys[i]).append("=").append(key->items[i].Text());
    }
    out += ']';
  }
  return out;
}

bool StartsWith(const FieldPath& path, const FieldPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

}  // namespace telltale

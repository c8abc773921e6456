// SPDX-License-Identifier: Apache-2.0
//
// Who owns which field of an object: the sets of paths behind metadata.managedFields (FieldsV1),
// and the two operations that move them, server-side apply and any other update. A path is a row of
// elements "f:data", "k:{\"type\":\"Ready\"}". Maps are granular, lists are one value, but for the
// lists that the table in fields.cc knows keys of (conditions by type, containers by name).
// Pure functions of trees; thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/kube/cluster/json_tree.h"

namespace telltale {

using FieldPath = std::vector<std::string>;
using FieldSet = std::set<FieldPath>;

struct FieldOwner {
  std::string manager;
  bool apply = false;  // operation Apply, else Update
  std::string subresource;
  auto operator<=>(const FieldOwner&) const = default;
};

struct OwnedFields {
  FieldSet fields;
  std::string time, api_version;
};
using FieldOwners = std::map<FieldOwner, OwnedFields>;

// metadata.managedFields as a map, and back; entries without fields are left out.
FieldOwners ReadOwners(const Json& object);
void WriteOwners(const FieldOwners& owners, bool custom, Json& object);

// The fields that an object or an apply configuration sets. Left out: kind, apiVersion and the
// parts of metadata that the server owns.
FieldSet FieldsOf(const Json& object);

// The maps that an update which makes them owns as well: of a custom resource every object, of a
// built-in type those that are maps and no structs.
FieldSet MapsOf(const Json& object, bool custom);

// `change` put over `live`: maps and keyed lists are merged, all else is replaced.
void MergeFields(const Json& change, Json& live);
// Takes away what `path` leads to, and the maps and lists above that are empty then.
void RemoveField(const FieldPath& path, Json& object);
// What the path leads to; null when nothing does.
const Json* FindField(const FieldPath& path, const Json& object);

// ".data.a", as conflicts are reported.
std::string FieldText(const FieldPath& path);
bool StartsWith(const FieldPath& path, const FieldPath& prefix);

}  // namespace telltale

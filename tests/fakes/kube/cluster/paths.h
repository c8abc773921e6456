// SPDX-License-Identifier: Apache-2.0
//
// What a request's target means: which resource, namespace, object and subresource, and which
// parameters; and the table of what is to be known about each kind. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telltale {

struct FakeKind {
  std::string prefix = {};  // "/api/v1", "/apis/coordination.k8s.io/v1"
  std::string plural = {}, kind = {};
  bool namespaced = true;
  bool status = false;               // has the subresource: a write to one side leaves the other
  bool generation = false;           // counts changes of what is neither metadata nor status
  bool unconditional_update = true;  // PUT without a resourceVersion is allowed
  bool create_on_update = false;     // PUT of what does not exist creates it
  bool delete_returns_object = false;
  bool custom = false;             // a custom resource: sorted keys, items with a kind
  std::string bookmark_rest = {};  // what an empty object of the type has besides its metadata

  std::string group() const;        // "" or "coordination.k8s.io"
  std::string api_version() const;  // "v1" or "coordination.k8s.io/v1"
  std::string qualified() const;    // "pods" or "leases.coordination.k8s.io", as messages have it
  std::string collection() const { return prefix + "/" + plural; }
  // The two members before the object's others: "kind":"Pod","apiVersion":"v1",
  std::string head() const;
};

const std::vector<FakeKind>& FakeKinds();
// The row, or for a resource that has none a guess by its plural.
FakeKind FindFakeKind(const std::string& prefix, const std::string& plural, bool namespaced);

struct ResourcePath {
  std::string prefix = {}, plural = {};
  std::string ns = {}, name = {}, subresource = {};  // empty when absent
  bool in_namespace = false;                         // the path has /namespaces/NS/
  // "ns/name" or "name": the key among the objects of the collection.
  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

// Nothing when the path is no resource's: /version, /healthz, discovery.
std::optional<ResourcePath> ParseResourcePath(std::string_view path);

// The parameters that the server understands.
struct RequestOptions {
  bool watch = false, bookmarks = false, force = false;
  std::optional<bool> initial_events;
  std::string version, version_match, continue_token, field_manager;
  std::string label_selector;
  std::string field_name, field_namespace;  // of the field selector
  std::string bad_field;                    // a field that cannot be selected
  std::int64_t limit = 0, timeout_seconds = 0;
};
RequestOptions ParseRequestOptions(std::string_view query);

// Decimal, as the server reads a resourceVersion; "" is 0.
std::optional<std::uint64_t> ParseVersion(std::string_view text);

// `k=v,k!=v,k,!k` over labels given by a function; nothing for a selector with more than that.
struct LabelSelector {
  struct Term {
    std::string key, value;
    bool any_value = false, negated = false;
  };
  std::vector<Term> terms;
};
std::optional<LabelSelector> ParseLabelSelector(std::string_view text);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// ConfigMapWriter: makes a ConfigMap hold what it should, by server-side apply, when the cache says
// that it does not. What the reconcilers of ConfigMaps share; thread-safe for different namespaces.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "operator/kube/client/api.h"
#include "operator/reconcile/config_map_cache.h"
#include "operator/reconcile/controller/controller.h"
#include "operator/reconcile/own_writes.h"
#include "operator/reconcile/write_counter.h"

namespace telltale {

using ConfigMapData = std::map<std::string, std::string>;

// True when `held` (null: there is none) has all of `data`, and no key ending in `owned_suffix`
// beside it. Server-side apply leaves the keys of other people alone, so that waiting for them to
// go would never end.
bool HoldsJust(const ConfigMap* held, const ConfigMapData& data, std::string_view owned_suffix);

// A ConfigMap of our name that somebody else made is not ours to delete.
bool IsOurs(const ConfigMap& held);

class ConfigMapWriter {
 public:
  // `name` of the ConfigMaps; `owned_suffix` of the keys in them that only we write; `kind` for
  // telltale_writes_total; `owner` gives the element of ownerReferences (ReleaseWatch::Owner), or
  // "".
  ConfigMapWriter(std::string name, std::string owned_suffix, std::string_view kind,
                  const ConfigMapCache& held, Api& api, Registry& registry, Clock& clock,
                  std::function<std::string()> owner = {});

  // Whether Ensure would write.
  bool Holds(const std::string& ns, const ConfigMapData& data) const;
  // The room that is left for our values: other people may keep theirs in the same ConfigMap.
  std::size_t Budget(const std::string& ns) const;
  // A namespace that is going away, which the caches do not know yet, is no error.
  ReconcileResult Ensure(const std::string& ns, const ConfigMapData& data);
  // Deletes it when it is there and ours, and still what the cache says.
  ReconcileResult EnsureNone(const std::string& ns);

 private:
  std::chrono::milliseconds MustWait(const std::string& ns) const;
  ReconcileResult After(const std::string& ns, const std::string& over_version,
                        std::uint64_t content, const Status& status);

  const std::string name_, owned_suffix_;
  const ConfigMapCache& held_;
  Api& api_;
  WriteCounter writes_;
  Clock& clock_;
  OwnWrites own_writes_;  // by namespace
  const std::function<std::string()> owner_;
};

}  // namespace telltale

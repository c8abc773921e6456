// SPDX-License-Identifier: Apache-2.0
//
// TenantPolicy: which tenants of the log store the MonitoringTargets of a namespace may name in
// spec.logs.tenant. That is the administrator's choice: all pushes have the installation's
// credentials, so without it a namespace could write into another one's logs. A value; pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

class TenantPolicy {
 public:
  // `list` is "shop=team-a,shop=team-b,*=public": NAMESPACE=TENANT, where the namespace * is every
  // namespace and the tenant * every tenant. `own_tenant`, the installation's, is open to all.
  static Result<TenantPolicy> Parse(std::string_view list, std::string own_tenant);

  bool Allows(const std::string& ns, const std::string& tenant) const;
  // Takes the logs out of a target that names a tenant it may not use, and says so in
  // refused_tenant. The other parts stay.
  void Apply(MonitoringTarget& target) const;

 private:
  std::string own_tenant_;
  std::map<std::string, std::set<std::string>, std::less<>> allowed_;  // by namespace, or "*"
};

}  // namespace telltale

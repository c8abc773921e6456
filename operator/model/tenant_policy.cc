// SPDX-License-Identifier: Apache-2.0
#include "operator/model/tenant_policy.h"

#include <utility>
#include <vector>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::size_t kNamed = 8;  // of the tenants in a message

std::string Listed(const std::set<std::string>& names) {
  std::vector<std::string> some;
  for (const auto& name : names) {
    if (some.size() < kNamed) some.push_back(name);
  }
  std::string text = Join(some, ", ");
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text;
}

}  // namespace

Result<TenantPolicy> TenantPolicy::Parse(std::string_view list, std::string own_tenant) {
  TenantPolicy policy;
  policy.own_tenant_ = std::move(own_tenant);
  for (const std::string_view part : Split(list, ',')) {
    const std::string_view pair = Trim(part);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view ns = pair.substr(0, equals);
    const std::string_view tenant =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (ns.empty() || tenant.empty()) {
      return Fail(Code::kInvalid,
                  "\"" + std::string(pair) + "\" must be NAMESPACE=TENANT, such as shop=team-a");
    }
    policy.allowed_[std::string(ns)].emplace(tenant);
  }
  return policy;
}

bool TenantPolicy::Allows(const std::string& ns, const std::string& tenant) const {
  if (tenant.empty() || tenant == own_tenant_) return true;
  for (const std::string_view of : {std::string_view(ns), kAny}) {
    const auto found = allowed_.find(of);
    if (found == allowed_.end()) continue;
    if (found->second.contains(tenant) || found->second.contains(std::string(kAny))) return true;
  }
  return false;
}

void TenantPolicy::Apply(MonitoringTarget& target) const {
  if (!target.logs || Allows(target.meta.ns, target.logs->tenant)) return;
  std::set<std::string> may;
  if (!own_tenant_.empty()) may.insert(own_tenant_);
  for (const std::string_view of : {std::string_view(target.meta.ns), kAny}) {
    const auto found = allowed_.find(of);
    if (found != allowed_.end()) may.insert(found->second.begin(), found->second.end());
  }
  target.refused_tenant = "spec.logs.tenant is " + target.logs->tenant + ", which namespace " +
                          target.meta.ns + " may not use" +
                          (may.empty() ? std::string() : " (it may use " + Listed(may) + ")") +
                          ", so no logs are read: remove it, or have it allowed in `tenants` of "
                          "the chart's values.";
  target.logs.reset();
}

}  // namespace telltale

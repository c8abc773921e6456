// SPDX-License-Identifier: Apache-2.0
//
// Shows the accounts of owners as metrics, telltale_logs_target_*, with the label `target` and,
// with a node agent, log_namespace, log_pod and log_pod_uid: `namespace` and `pod` would be of the
// agent itself. The series of an owner go with its account. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/metrics/series_table.h"
#include "sidecar/ship/owner_accounts.h"

namespace telltale {

class OwnerSeries {
 public:
  explicit OwnerSeries(Registry& registry);

  // `now`: wall time, for ages. `sharing`: owners without an account of their own.
  void Publish(const std::vector<OwnerAccount>& accounts, std::size_t sharing, std::int64_t now);

 private:
  void SetTotals(const OwnerAccount& account, std::int64_t now);
  void SetLosses(const OwnerAccount& account);
  void SetFiles(const OwnerAccount& account);
  void SetStages(const OwnerAccount& account);

  Gauge& sharing_;
  SeriesTable totals_, lost_, files_, unread_, failed_, unmatched_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The groups that jobs pushed: what Pushgateway's storage does, with limits. A push that does not
// fit what is there changes nothing but the time of the group's last failure. Groups whose time is
// over are gone at the next call. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/exposition/family.h"
#include "sidecar/push/push_group.h"
#include "sidecar/push/push_snapshot.h"

namespace telltale {

struct PushLimits {
  std::size_t max_series = 10'000;  // samples on the page: a histogram has one per bucket, and two
  std::size_t max_groups = 1'000;
  std::chrono::milliseconds expire_after{0};  // since the last push to the group; 0: never
  bool operator==(const PushLimits&) const = default;
};

class PushStore {
 public:
  // The type of a family that the page has besides; called while a push is checked.
  using OwnType = std::function<std::optional<MetricType>(std::string_view name)>;

  PushStore(Clock& clock, OwnType own_type);

  // Groups beyond smaller limits stay; only new series and groups are refused.
  void SetLimits(const PushLimits& limits);

  // Replaces the families of the same names in a group, or with `whole` the group. kInvalid if it
  // contradicts itself or other groups; kTooLarge beyond a limit: `limit` is then its name,
  // "series" or "groups". `labels` is the group: sorted, with job.
  Status Push(const Labels& labels, std::vector<Family> families, bool whole, std::string& limit);
  // Whether there was such a group.
  bool Delete(const Labels& labels);
  void Clear();
  // All groups, and groups from before a restart, which are added to those that are there.
  std::vector<PushedGroup> Groups() const;
  void Restore(const std::vector<PushedGroup>& groups);
  // Grows with each change.
  std::uint64_t version() const;

  // What is there now, with push_time_seconds and push_failure_time_seconds of each group.
  std::shared_ptr<const PushedFamilies> Page();

  std::size_t groups() const;
  std::size_t series() const;

 private:
  using FamilyPointer = std::shared_ptr<const Family>;
  std::vector<std::string> Problems(const Labels& labels,
                                    const std::map<std::string, FamilyPointer>& group) const
      REQUIRES(mutex_);
  std::string OwnProblem(const Family& family) const;
  PushGroup* FindOrMake(const Labels& labels) REQUIRES(mutex_);
  void Expire() REQUIRES(mutex_);
  void Changed() REQUIRES(mutex_);
  double Now() const;

  Clock& clock_;
  const OwnType own_type_;
  mutable Mutex mutex_;
  PushLimits limits_ GUARDED_BY(mutex_);
  PushGroups groups_ GUARDED_BY(mutex_);
  std::size_t series_ GUARDED_BY(mutex_) = 0;
  std::uint64_t version_ GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const PushedFamilies> page_ GUARDED_BY(mutex_);  // null after a change
};

}  // namespace telltale

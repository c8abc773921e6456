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

namespace telltale {

struct PushLimits {
  std::size_t max_series = 10'000;  // samples on the page: a histogram has one per bucket, and two
  std::size_t max_groups = 1'000;
  std::chrono::milliseconds expire_after{0};  // since the last push to the group; 0: never
  bool operator==(const PushLimits&) const = default;
};

// A family as the page has it: of one or more groups.
struct PushedFamily {
  std::string name, help, unit;
  MetricType type = MetricType::kUntyped;
  std::vector<std::shared_ptr<const Family>> parts;
};
using PushedFamilies = std::vector<PushedFamily>;  // by name

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
  // What is there now, with push_time_seconds and push_failure_time_seconds of each group.
  std::shared_ptr<const PushedFamilies> Page();

  std::size_t groups() const;
  std::size_t series() const;

 private:
  using FamilyPointer = std::shared_ptr<const Family>;
  struct Group {
    std::map<std::string, FamilyPointer> families;
    std::size_t series = 0;
    double pushed = 0, failed = 0;  // seconds since the epoch; 0: never
    SteadyTime changed{};
  };

  std::vector<std::string> Problems(const Labels& labels,
                                    const std::map<std::string, FamilyPointer>& group) const
      REQUIRES(mutex_);
  std::string OwnProblem(const Family& family) const;
  Group* FindOrMake(const Labels& labels) REQUIRES(mutex_);
  void Expire() REQUIRES(mutex_);
  double Now() const;
  std::shared_ptr<const PushedFamilies> MakePage() const REQUIRES(mutex_);

  Clock& clock_;
  const OwnType own_type_;
  mutable Mutex mutex_;
  PushLimits limits_ GUARDED_BY(mutex_);
  std::map<Labels, Group> groups_ GUARDED_BY(mutex_);
  std::size_t series_ GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const PushedFamilies> page_ GUARDED_BY(mutex_);  // null after a change
};

}  // namespace telltale

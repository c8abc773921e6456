// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "common/base/ascii.h"
#include "common/exposition/consistency.h"
#include "common/exposition/escaping.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxProblems = 10;
constexpr double kLongestAge = 3.0e8;  // seconds; about ten years

Error Inconsistent(const std::string& what) {
  return Fail(Code::kInvalid,
              "pushed metrics are invalid or inconsistent with existing metrics: " + what);
}

std::string Text(const std::vector<std::string>& problems) {
  if (problems.size() == 1) return problems[0];
  std::string out = std::to_string(problems.size()) + " error(s) occurred:";
  for (const std::string& problem : problems) {
    out += "\n* " + problem;
    if (out.size() > 4'000) break;
  }
  return out;
}

// Whether a label has one value in all series of a group and another one in all of the other's, so
// that none can be in both. Then a push costs what it holds itself, and not what all groups hold.
bool AreApart(const Labels& a, const Labels& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& label) {
    const std::string* value = FindLabel(b, label.first);
    return value != nullptr && *value != label.second;
  });
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ToUpperAscii);
  return out;
}

}  // namespace

PushStore::PushStore(Clock& clock, OwnType own_type)
    : clock_(clock), own_type_(std::move(own_type)) {}

double PushStore::Now() const { return static_cast<double>(clock_.WallNanos()) / 1e9; }

void PushStore::Changed() {
  page_.reset();
  ++version_;
}

void PushStore::SetLimits(const PushLimits& limits) {
  MutexLock lock(mutex_);
  limits_ = limits;
}

std::string PushStore::OwnProblem(const Family& family) const {
  const std::string name = EscapeName(family.name, NameKind::kMetric, Escaping::kUnderscores);
  const auto own = own_type_(name);
  if (own && name != family.name) {
    return "metric family " + family.name + " would be " + name +
           ", a metric of the sidecar, for scrapers without UTF-8 names";
  }
  if (own && *own != family.type) {
    return "gathered metric family " + name + " has type " + Upper(TypeName(family.type)) +
           " but should have " + Upper(TypeName(*own));
  }
  if (own) return {};
  // The samples of a histogram have names that may be families elsewhere.
  PageCheck check;
  std::vector<std::string> problems;
  const auto add_own = [&](const std::string& other) {
    if (const auto type = own_type_(other)) {
      Family known;
      known.name = other;
      known.type = *type;
      check.Add(known, problems);
    }
  };
  for (const char* suffix : {"_count", "_sum", "_bucket"}) {
    add_own(name + suffix);
    if (name.ends_with(suffix)) {
      add_own(name.substr(0, name.size() - std::string_view(suffix).size()));
    }
  }
  problems.clear();  // what is there already is not this push's fault
  Family alone;
  alone.name = name;
  alone.type = family.type;
  check.Add(alone, problems);
  return problems.empty() ? "" : problems[0];
}

std::vector<std::string> PushStore::Problems(
    const Labels& labels, const std::map<std::string, FamilyPointer>& group) const {
  PageCheck check;
  std::vector<std::string> problems;
  for (const auto& [other, there] : groups_) {
    if (other == labels) continue;
    const bool apart = AreApart(labels, other);
    for (const auto& [name, family] : there.families) {
      apart ? void(check.AddName(*family, problems)) : check.Add(*family, problems);
    }
  }
  problems.clear();
  for (const auto& [name, family] : group) {
    if (std::string problem = OwnProblem(*family); !problem.empty()) problems.push_back(problem);
    check.Add(*family, problems);
    if (problems.size() > kMaxProblems) break;
  }
  return problems;
}

PushGroup* PushStore::FindOrMake(const Labels& labels) {
  const auto found = groups_.find(labels);
  if (found != groups_.end()) return &found->second;
  if (groups_.size() >= limits_.max_groups) return nullptr;
  Changed();
  PushGroup& made = groups_[labels];
  made.changed = clock_.Steady();
  return &made;
}

Status PushStore::Push(const Labels& labels, std::vector<Family> families, bool whole,
                       std::string& limit) {
  MutexLock lock(mutex_);
  Expire();
  PushGroup* const group = FindOrMake(labels);
  if (group == nullptr) {
    limit = "groups";
    return Fail(Code::kTooLarge, "there are " + std::to_string(groups_.size()) +
                                     " groups already, which is the limit: delete some, or push to "
                                     "one group again instead of to a new one each time");
  }
  std::map<std::string, FamilyPointer> next;
  if (!whole) next = group->families;
  bool timestamps = false;
  for (Family& family : families) {
    if (IsTimeOfPush(family.name)) continue;
    for (Metric& metric : family.metrics) {
      timestamps |= metric.timestamp_ms.has_value();
      SetGroupLabels(labels, metric.labels);
    }
    std::string name = family.name;
    next[std::move(name)] = std::make_shared<const Family>(std::move(family));
  }
  std::size_t samples = 0;
  for (const auto& [name, family] : next) samples += SamplesOf(*family);
  Changed();
  if (series_ - group->series + samples > limits_.max_series) {
    group->failed = Now();
    limit = "series";
    return Fail(Code::kTooLarge, "the push has " + std::to_string(samples) + " series, but of " +
                                     std::to_string(limits_.max_series) +
                                     " that all groups may have " +
                                     std::to_string(series_ - group->series) + " are taken");
  }
  std::vector<std::string> problems;
  if (timestamps) problems.emplace_back("pushed metrics must not have timestamps");
  if (problems.empty()) problems = Problems(labels, next);
  if (!problems.empty()) {
    group->failed = Now();
    return Inconsistent(Text(problems));
  }
  series_ = series_ - group->series + samples;
  group->series = samples;
  group->families = std::move(next);
  group->pushed = Now();
  group->changed = clock_.Steady();
  return {};
}

bool PushStore::Delete(const Labels& labels) {
  MutexLock lock(mutex_);
  const auto found = groups_.find(labels);
  if (found == groups_.end()) return false;
  series_ -= found->second.series;
  groups_.erase(found);
  Changed();
  return true;
}

void PushStore::Clear() {
  MutexLock lock(mutex_);
  groups_.clear();
  series_ = 0;
  Changed();
}

void PushStore::Expire() {
  if (limits_.expire_after.count() == 0) return;
  const SteadyTime now = clock_.Steady();
  for (auto group = groups_.begin(); group != groups_.end();) {
    if (group->second.changed + limits_.expire_after > now) {
      ++group;
      continue;
    }
    series_ -= group->second.series;
    group = groups_.erase(group);
    Changed();
  }
}

std::shared_ptr<const PushedFamilies> PushStore::Page() {
  MutexLock lock(mutex_);
  Expire();
  if (!page_) page_ = PageOf(groups_);
  return page_;
}

std::vector<PushedGroup> PushStore::Groups() const {
  MutexLock lock(mutex_);
  std::vector<PushedGroup> groups;
  for (const auto& [labels, group] : groups_) {
    PushedGroup& out = groups.emplace_back();
    out.labels = labels;
    out.pushed = group.pushed;
    out.failed = group.failed;
    for (const auto& [name, family] : group.families) out.families.push_back(family);
  }
  return groups;
}

void PushStore::Restore(const std::vector<PushedGroup>& groups) {
  MutexLock lock(mutex_);
  for (const PushedGroup& from : groups) {
    if (groups_.contains(from.labels)) continue;
    PushGroup& group = groups_[from.labels];
    group.pushed = from.pushed;
    group.failed = from.failed;
    const double age = std::clamp(Now() - std::max(from.pushed, from.failed), 0.0, kLongestAge);
    group.changed = clock_.Steady() - std::chrono::seconds(std::llround(age));
    for (const auto& family : from.families) {
      group.series += SamplesOf(*family);
      group.families[family->name] = family;
    }
    series_ += group.series;
  }
  Changed();
}

std::uint64_t PushStore::version() const {
  MutexLock lock(mutex_);
  return version_;
}

std::size_t PushStore::groups() const {
  MutexLock lock(mutex_);
  return groups_.size();
}

std::size_t PushStore::series() const {
  MutexLock lock(mutex_);
  return series_;
}

}  // namespace telltale

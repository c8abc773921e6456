// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_store.h"

#include <algorithm>
#include <utility>

#include "common/base/ascii.h"
#include "common/exposition/consistency.h"
#include "common/exposition/escaping.h"

namespace telltale {
namespace {

constexpr std::string_view kPushed = "push_time_seconds";
constexpr std::string_view kFailed = "push_failure_time_seconds";
constexpr std::string_view kPushedHelp =
    "Last Unix time when changing this group in the Pushgateway succeeded.";
constexpr std::string_view kFailedHelp =
    "Last Unix time when changing this group in the Pushgateway failed.";
constexpr std::size_t kMaxProblems = 10;

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

// The labels of a pushed series: those of the group win, and none is without an instance, so that
// a scrape with honor_labels gives it none.
void SetGroup(const Labels& group, Labels& labels) {
  for (const auto& [name, value] : group) SetLabel(labels, name, value);
  if (FindLabel(labels, "instance") == nullptr) SetLabel(labels, "instance", "");
}

std::size_t SamplesOf(const Family& family) {
  std::size_t count = 0;
  for (const Metric& metric : family.metrics) {
    ++count;
    // Fields of a native histogram have at least a byte per bucket.
    if (metric.distribution) {
      count += 2 + metric.distribution->buckets.size() + metric.distribution->native.size() / 2;
    }
  }
  return count;
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ToUpperAscii);
  return out;
}

std::shared_ptr<const Family> TimeFamily(std::string_view name, const Labels& group, double time) {
  auto family = std::make_shared<Family>();
  family->name = name;
  family->help = name == kPushed ? kPushedHelp : kFailedHelp;
  family->type = MetricType::kGauge;
  Metric& metric = family->metrics.emplace_back();
  SetGroup(group, metric.labels);
  metric.value = time;
  return family;
}

}  // namespace

PushStore::PushStore(Clock& clock, OwnType own_type)
    : clock_(clock), own_type_(std::move(own_type)) {}

double PushStore::Now() const { return static_cast<double>(clock_.WallNanos()) / 1e9; }

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
    for (const auto& [name, family] : there.families) check.Add(*family, problems);
  }
  problems.clear();
  for (const auto& [name, family] : group) {
    if (std::string problem = OwnProblem(*family); !problem.empty()) problems.push_back(problem);
    check.Add(*family, problems);
    if (problems.size() > kMaxProblems) break;
  }
  return problems;
}

PushStore::Group* PushStore::FindOrMake(const Labels& labels) {
  const auto found = groups_.find(labels);
  if (found != groups_.end()) return &found->second;
  if (groups_.size() >= limits_.max_groups) return nullptr;
  page_.reset();
  Group& made = groups_[labels];
  made.changed = clock_.Steady();
  return &made;
}

Status PushStore::Push(const Labels& labels, std::vector<Family> families, bool whole,
                       std::string& limit) {
  MutexLock lock(mutex_);
  Expire();
  Group* const group = FindOrMake(labels);
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
    if (family.name == kPushed || family.name == kFailed) continue;
    for (Metric& metric : family.metrics) {
      timestamps |= metric.timestamp_ms.has_value();
      SetGroup(labels, metric.labels);
    }
    std::string name = family.name;
    next[std::move(name)] = std::make_shared<const Family>(std::move(family));
  }
  std::size_t samples = 0;
  for (const auto& [name, family] : next) samples += SamplesOf(*family);
  page_.reset();
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
  page_.reset();
  return true;
}

void PushStore::Clear() {
  MutexLock lock(mutex_);
  groups_.clear();
  series_ = 0;
  page_.reset();
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
    page_.reset();
  }
}

std::shared_ptr<const PushedFamilies> PushStore::MakePage() const {
  std::map<std::string, PushedFamily> by_name;
  const auto add = [&](FamilyPointer family) {
    PushedFamily& into = by_name[family->name];
    if (into.parts.empty()) {
      into.name = family->name;
      into.type = family->type;
    }
    if (into.help.empty()) into.help = family->help;
    if (into.unit.empty()) into.unit = family->unit;
    into.parts.push_back(std::move(family));
  };
  for (const auto& [labels, group] : groups_) {
    add(TimeFamily(kPushed, labels, group.pushed));
    add(TimeFamily(kFailed, labels, group.failed));
    for (const auto& [name, family] : group.families) add(family);
  }
  auto page = std::make_shared<PushedFamilies>();
  for (auto& [name, family] : by_name) page->push_back(std::move(family));
  return page;
}

std::shared_ptr<const PushedFamilies> PushStore::Page() {
  MutexLock lock(mutex_);
  Expire();
  if (!page_) page_ = MakePage();
  return page_;
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

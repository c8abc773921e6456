// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/logs_warnings.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "sidecar/config/hints.h"
#include "sidecar/discover/glob.h"

namespace telltale {
namespace {

// Labels that every stream may have; they are values from the start.
constexpr std::string_view kStreamLabels[] = {"namespace", "pod",      "container", "node",
                                              "app",       "filename", "stream"};

// The names of the groups in "(?P<name>...)" and "(?<name>...)".
void AddGroups(std::string_view expression, std::set<std::string>& names) {
  for (std::size_t at = expression.find("(?"); at != std::string_view::npos;
       at = expression.find("(?", at + 2)) {
    std::string_view rest = expression.substr(at + 2);
    if (rest.starts_with('P')) rest.remove_prefix(1);
    if (!rest.starts_with('<')) continue;
    names.emplace(rest.substr(1, rest.find('>') - 1));
  }
}

// Follows the stages in their order and collects the names that have a value by then.
class Values {
 public:
  explicit Values(std::set<std::string> known) : known_(std::move(known)) {}

  void operator()(const JsonSpec& stage) {
    Need("json", stage.source);
    Add(stage.expressions);
  }
  void operator()(const LogfmtSpec& stage) {
    Need("logfmt", stage.source);
    Add(stage.mapping);
  }
  void operator()(const RegexSpec& stage) {
    Need("regex", stage.source);
    AddGroups(stage.expression, known_);
  }
  void operator()(const ReplaceSpec& stage) {
    Need("replace", stage.source);
    AddGroups(stage.expression, known_);
  }
  void operator()(const LabelsSpec& stage) {
    for (const auto& [label, source] : stage.values) {
      const std::string& name = source.empty() ? label : source;
      if (!known_.contains(name)) {
        missing_.push_back("the label " + Quoted(label) +
                           " has no value: no stage before it makes " + Quoted(name));
      }
      known_.insert(label);
    }
  }
  void operator()(const TimestampSpec& stage) { Need("timestamp", stage.source); }
  void operator()(const OutputSpec& stage) { Need("output", stage.source); }
  void operator()(const AlertSpec& stage) { Need("alert", stage.source); }
  void operator()(const DropSpec& stage) {
    for (const std::string& source : stage.sources) Need("drop", source);
  }
  void operator()(const MetricsStageSpec& stage) {
    for (const MetricSpec& metric : stage.metrics) {
      if (!metric.match_all) Need("metrics", metric.source.empty() ? metric.name : metric.source);
    }
  }
  void operator()(const MetadataSpec&) {}
  void operator()(const SampleSpec&) {}
  void operator()(const LimitSpec&) {}
  void operator()(const MultilineSpec&) {}
  void operator()(const TemplateSpec& stage) { known_.insert(stage.source); }
  void operator()(const LabelDropSpec&) {}
  void operator()(const DecolorizeSpec&) {}
  void operator()(const MatchSpec& stage) {
    for (const NestedStage& nested : stage.stages) std::visit(*this, nested.stage);
  }

  std::vector<std::string> missing() const { return missing_; }

 private:
  // An empty source is the line.
  void Need(std::string_view stage, const std::string& source) {
    if (source.empty() || known_.contains(source)) return;
    missing_.push_back("the stage " + std::string(stage) +
                       " has no value to work on: no stage before it makes " + Quoted(source));
  }
  void Add(const Labels& names) {
    for (const auto& [name, where] : names) known_.insert(name);
  }

  std::set<std::string> known_;
  std::vector<std::string> missing_;
};

bool HasWildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[{\\") != std::string_view::npos;
}

// Whether `earlier` takes what `pattern` stands for: the same pattern, or a path that it matches.
bool Takes(const LogFilesConfig& earlier, const std::string& pattern) {
  if (std::ranges::find(earlier.include, pattern) != earlier.include.end()) {
    return earlier.exclude.empty();
  }
  if (HasWildcard(pattern)) return false;
  const auto matches = [&](const std::string& glob) {
    return std::ranges::any_of(GlobAlternatives(glob), [&](const std::string& alternative) {
      return GlobMatch(alternative, pattern);
    });
  };
  return std::ranges::any_of(earlier.include, matches) &&
         std::ranges::none_of(earlier.exclude, matches);
}

// Whether `exclude` takes what `pattern` stands for.
bool Excludes(const std::string& exclude, const std::string& pattern) {
  if (exclude == pattern) return true;
  if (exclude.ends_with("/**")) {
    return pattern.starts_with(exclude.substr(0, exclude.size() - 2)) &&
           !HasWildcard(exclude.substr(0, exclude.size() - 2));
  }
  return !HasWildcard(pattern) && GlobMatch(exclude, pattern);
}

}  // namespace

std::vector<std::string> PatternsExcluded(const LogFilesConfig& logs) {
  std::vector<std::string> sentences;
  for (const std::string& pattern : logs.include) {
    for (const std::string& exclude : logs.exclude) {
      if (!Excludes(exclude, pattern)) continue;
      sentences.push_back(Quoted(pattern) + " has no effect: exclude has " + Quoted(exclude) +
                          ", which takes all of its files");
      break;
    }
  }
  return sentences;
}

std::vector<std::string> StagesWithoutValue(const LogFilesConfig& logs, const Labels& labels) {
  std::set<std::string> known(std::begin(kStreamLabels), std::end(kStreamLabels));
  for (const auto* each : {&labels, &logs.labels}) {
    for (const auto& [name, value] : *each) known.insert(name);
  }
  Values values(std::move(known));
  for (const StageSpec& stage : logs.pipeline.stages) std::visit(values, stage);
  return values.missing();
}

std::vector<std::string> PatternsTakenBefore(const std::vector<LogFilesConfig>& logs,
                                             std::size_t index) {
  std::vector<std::string> taken;
  for (const std::string& pattern : logs[index].include) {
    for (std::size_t i = 0; i < index; ++i) {
      if (!Takes(logs[i], pattern)) continue;
      taken.push_back(Quoted(pattern) + " has no effect: logs[" + std::to_string(i) +
                      "] takes it, and the first entry has a file");
      break;
    }
  }
  return taken;
}

}  // namespace telltale

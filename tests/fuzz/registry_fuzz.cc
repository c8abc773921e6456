// SPDX-License-Identifier: Apache-2.0
//
// Names, help texts, labels and bounds that come from somebody's configuration: the registry takes
// them or says why not, ends no process, and its page is the same when it is rendered again. Each
// line of the input is one call: KIND NAME HELP LABEL=VALUE,... BOUND,... with tabs between.
#include <charconv>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/metrics/registry.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

std::vector<std::string_view> Fields(std::string_view line) {
  std::vector<std::string_view> fields = Split(line, '\t');
  fields.resize(5);
  return fields;
}

Labels LabelsOf(std::string_view text) {
  Labels labels;
  if (text.empty()) return labels;
  for (std::string_view pair : Split(text, ',')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    labels.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  return labels;
}

std::vector<double> BoundsOf(std::string_view text) {
  std::vector<double> bounds;
  for (std::string_view word : Split(text, ',')) {
    double bound = 0;
    std::from_chars(word.data(), word.data() + word.size(), bound);
    bounds.push_back(bound);
  }
  return bounds;
}

}  // namespace

void FuzzOne(std::string_view text) {
  Registry registry;
  for (int calls = 0; !text.empty() && calls < 100; ++calls) {
    const auto fields = Fields(TakeLine(text));
    const Labels labels = LabelsOf(fields[3]);
    if (fields[0] == "gauge") {
      if (auto made = registry.TryGauge(fields[1], fields[2], labels)) (*made)->Set(1);
    } else if (fields[0] == "counter") {
      if (auto made = registry.TryFloatCounter(fields[1], fields[2], labels)) (*made)->Add(1);
    } else if (fields[0] == "histogram") {
      auto made = registry.TryHistogram(fields[1], fields[2], BoundsOf(fields[4]), labels);
      if (made) (*made)->Observe(1);
    } else {
      registry.Remove(fields[1], labels);
    }
  }
  std::string page, again;
  registry.Render(page);
  registry.Render(again);
  TELLTALE_CHECK(page == again);
  TELLTALE_CHECK(page.empty() || page.ends_with('\n'));
}

}  // namespace telltale

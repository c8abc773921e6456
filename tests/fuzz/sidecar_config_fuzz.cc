// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's configuration, as a file of a person and as one key of the ConfigMap beside a good
// one: it is used or there is a sentence with its name, and the good one is in effect either way.
#include <algorithm>

#include "common/base/check.h"
#include "sidecar/config/config_source.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr const char* kGood =
    R"({"selector": {"matchAll": true}, "config": {"version": 1,
        "logs": [{"files": {"include": ["/var/log/good/*.log"]}}]}})";

LoadedConfig Load(const ConfigTexts& texts) {
  ConfigSource source;
  LoadedConfig loaded = source.Load(texts);
  for (const std::string& problem : loaded.problems) {
    TELLTALE_CHECK(problem.starts_with("fuzz.json:"));
  }
  const LoadedConfig again = source.Load(texts);
  TELLTALE_CHECK(again.hash == loaded.hash && again.config == loaded.config);
  return loaded;
}

}  // namespace

void FuzzOne(std::string_view text) {
  const ConfigText fuzzed{"fuzz.json", std::string(text), {}};
  const LoadedConfig file = Load({false, {fuzzed}, {}});
  TELLTALE_CHECK(file.usable == file.problems.empty());

  const ConfigText labels{"labels", "app=\"shop\"\ntier=\"web\"\n", {}};
  const LoadedConfig folder = Load({true, {fuzzed, {"good.json", kGood, {}}}, labels});
  TELLTALE_CHECK(folder.usable);
  TELLTALE_CHECK(std::any_of(
      folder.config.logs.begin(), folder.config.logs.end(), [](const LogFilesConfig& logs) {
        return logs.include == std::vector<std::string>{"/var/log/good/*.log"};
      }));
}

}  // namespace telltale

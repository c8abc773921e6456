// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/exposition/consistency.h"
#include "sidecar/collect/textfile_scan.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxSamples = 50'000;  // of all files

// The first of the files before `path` that has a family of this one.
std::string EarlierFile(
    const std::map<std::string, std::shared_ptr<const std::vector<Family>>>& files,
    const std::string& path, const std::vector<Family>& families) {
  for (const auto& [earlier, theirs] : files) {
    if (earlier == path) break;
    for (const Family& family : *theirs) {
      const auto same = [&](const Family& f) { return f.name == family.name; };
      if (std::any_of(families.begin(), families.end(), same)) return earlier;
    }
  }
  return "an earlier file";
}

void AddTo(PageCheck& check, const std::vector<Family>& families,
           std::vector<std::string>& problems) {
  for (const Family& family : families) check.Add(family, problems);
}

// Anew, because a check cannot forget a file. Files that clash are rare.
PageCheck CheckOf(const std::vector<std::shared_ptr<const std::vector<Family>>>& accepted) {
  PageCheck check;
  std::vector<std::string> none;
  for (const auto& families : accepted) AddTo(check, *families, none);
  return check;
}

void Append(const std::shared_ptr<const std::vector<Family>>& families,
            std::map<std::string_view, MergedFamily>& merged) {
  for (const Family& family : *families) {
    MergedFamily& into = merged[family.name];
    into.name = family.name;
    into.type = family.type;
    if (into.help.empty()) into.help = family.help;
    into.parts.emplace_back(families, &family);
  }
}

}  // namespace

std::shared_ptr<const TextfilePage> MergeTextfiles(
    const std::map<std::string, std::shared_ptr<const std::vector<Family>>>& files,
    std::vector<TextfileError>& errors) {
  auto page = std::make_shared<TextfilePage>();
  std::map<std::string_view, MergedFamily> merged;
  PageCheck check;
  std::vector<std::shared_ptr<const std::vector<Family>>> accepted;
  std::size_t samples = 0;
  for (const auto& [path, families] : files) {
    std::size_t count = 0;
    for (const Family& family : *families) count += family.metrics.size();
    if (samples + count > kMaxSamples) {
      errors.push_back(
          {path, "too_large",
           "with it all files have more than " + std::to_string(kMaxSamples) + " samples"});
      continue;
    }
    std::vector<std::string> problems;
    AddTo(check, *families, problems);
    if (!problems.empty()) {
      errors.push_back(
          {path, "clash",
           "it does not go with " + EarlierFile(files, path, *families) + ": " + problems.front()});
      check = CheckOf(accepted);
      continue;
    }
    samples += count;
    accepted.push_back(families);
    Append(families, merged);
  }
  for (auto& [name, family] : merged) page->families.push_back(std::move(family));
  return page;
}

}  // namespace telltale

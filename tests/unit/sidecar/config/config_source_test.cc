// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

// One key of the ConfigMap.
std::string Document(std::string_view selector, std::string_view config) {
  return "{\"selector\": " + std::string(selector) +
         ", \"generation\": 3, \"config\": " + std::string(config) + "}";
}

const char kShop[] = R"({"matchLabels": {"app": "shop"}})";
const char kOther[] = R"({"matchLabels": {"app": "other"}})";

ConfigTexts Folder(std::vector<ConfigText> files) {
  return {true, std::move(files), {"labels", "app=\"shop\"", ""}};
}

TEST(ConfigSource, MergesTheDocumentsThatSelectThePod) {
  ConfigSource source;
  const auto loaded = source.Load(Folder({
      {"a.json", Document(kShop, R"({"version": 1, "interval": "30s", "collectors": {"network": {}},
                "labels": {"team": "web"}, "logs": [{"files": {"include": ["/a/*.log"]}}]})"),
       ""},
      {"b.json", Document(kOther, R"({"version": 1, "interval": "1s"})"), ""},
      {"c.json",
       Document(kShop,
                R"({"version": 1, "interval": "15s", "logCycle": true, "labels": {"zone": "1"},
                "collectors": {"process": {}, "network": {}},
                "logs": [{"files": {"include": ["/c/*.log"]}}]})"),
       ""},
  }));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("a.json:2: logs: there is no loki.url")));
  EXPECT_EQ(loaded.config.IntervalMs(), 15'000);
  EXPECT_THAT(loaded.config.collectors, ElementsAre("network", "process"));
  EXPECT_THAT(loaded.config.labels, ElementsAre(Pair("team", "web"), Pair("zone", "1")));
  EXPECT_TRUE(loaded.config.log_cycle);
  ASSERT_EQ(loaded.config.logs.size(), 2u);
  EXPECT_THAT(loaded.config.logs[0].include, ElementsAre("/a/*.log"));
  EXPECT_THAT(loaded.config.logs[0].targets, ElementsAre("a"));
  EXPECT_THAT(loaded.config.logs[1].targets, ElementsAre("c"));
  EXPECT_THAT(loaded.config.logs[1].include, ElementsAre("/c/*.log"));
  EXPECT_THAT(loaded.pod_labels, ElementsAre(Pair("app", "shop")));
}

TEST(ConfigSource, TheSameEntryTwiceIsOneAndTheFirstLabelWinsWithAWarning) {
  ConfigSource source;
  const char config[] = R"({"version": 1, "labels": {"team": "%"},
      "loki": {"url": "http://loki-%:3100"}, "logs": [{"files": {"include": ["/a/*.log"]}}]})";
  const auto with = [&](char c) {
    std::string text = config;
    std::replace(text.begin(), text.end(), '%', c);
    return Document(kShop, text);
  };
  const auto loaded =
      source.Load(Folder({{"n.a.json", with('a'), ""}, {"n.b.json", with('b'), ""}}));
  ASSERT_EQ(loaded.config.logs.size(), 1u);
  EXPECT_THAT(loaded.config.logs[0].targets, ElementsAre("n/a", "n/b"));
  EXPECT_THAT(loaded.config.labels, ElementsAre(Pair("team", "a")));
  EXPECT_EQ(loaded.config.loki.url, "http://loki-a:3100");
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("n.b.json: loki differs"),
                                           HasSubstr("n.b.json: labels.team differs")));
}

TEST(ConfigSource, ABadDocumentCountsAsTheLastGoodOneAndDoesNotTouchOthers) {
  ConfigSource source;
  const std::string good = Document(kShop, R"({"version": 1, "interval": "20s"})");
  const std::string labels_a = Document(kShop, R"({"version": 1, "labels": {"v": "1"}})");
  const std::string labels_b = Document(kShop, R"({"version": 1, "labels": {"v": "2"}})");
  const auto first = source.Load(Folder({{"a.json", good, ""}, {"b.json", labels_a, ""}}));
  const auto second =
      source.Load(Folder({{"a.json", "{\"selector\":", ""}, {"b.json", labels_b, ""}}));
  EXPECT_THAT(second.problems, ElementsAre(HasSubstr("a.json")));
  EXPECT_EQ(second.config.IntervalMs(), 20'000);
  EXPECT_THAT(second.config.labels, ElementsAre(Pair("v", "2")));
  EXPECT_NE(first.hash, second.hash);
  // It is still the last good one after another bad version, and gone when its file is.
  EXPECT_EQ(source.Load(Folder({{"a.json", "", ""}, {"b.json", labels_b, ""}})).config.IntervalMs(),
            20'000);
  EXPECT_EQ(source.Load(Folder({{"b.json", labels_b, ""}})).config.interval_ms, 0);
}

TEST(ConfigSource, AFileThatCannotBeReadCountsAsTheLastGoodOne) {
  ConfigSource source;
  const std::string good = Document(kShop, R"({"version": 1, "interval": "20s"})");
  const auto first = source.Load(Folder({{"a.json", good, ""}}));
  const auto second = source.Load(Folder({{"a.json", "", "opening a.json: Permission denied"}}));
  EXPECT_THAT(second.problems, ElementsAre("opening a.json: Permission denied"));
  EXPECT_EQ(second.config, first.config);
  EXPECT_EQ(second.hash, first.hash);
}

TEST(ConfigSource, LabelsThatChangeSelectAnew) {
  ConfigSource source;
  ConfigTexts texts =
      Folder({{"a.json", Document(kOther, R"({"version": 1, "interval": "2s"})"), ""}});
  EXPECT_EQ(source.Load(texts).config.interval_ms, 0);
  texts.pod_labels.text = "app=\"other\"\n";
  EXPECT_EQ(source.Load(texts).config.interval_ms, 2'000);
  texts.pod_labels.text = "app=broken";  // keeps the labels it knew
  const auto loaded = source.Load(texts);
  EXPECT_EQ(loaded.config.interval_ms, 2'000);
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("labels: line 1 is not of the form")));
}

TEST(ConfigSource, KnowsWhichGenerationOfWhichTargetIsInEffect) {
  ConfigSource source;
  const auto document = [](int generation, std::string_view interval, std::string_view selector) {
    return "{\"selector\": " + std::string(selector) +
           ", \"generation\": " + std::to_string(generation) +
           ", \"config\": {\"version\": 1, \"interval\": \"" + std::string(interval) + "\"}}";
  };
  const auto first = source.Load(Folder({{"shop.web.v2.json", document(3, "20s", kShop), ""},
                                         {"shop.other.json", document(9, "20s", kOther), ""},
                                         {"infra.all.json", document(1, "never", kShop), ""}}));
  EXPECT_THAT(first.targets, ElementsAre(Pair("infra/all", TargetState{0, true}),
                                         Pair("shop/web.v2", TargetState{3, false})));
  const auto second = source.Load(Folder({{"shop.web.v2.json", document(4, "never", kShop), ""},
                                          {"infra.all.json", document(2, "10s", kShop), ""}}));
  EXPECT_THAT(second.targets, ElementsAre(Pair("infra/all", TargetState{2, false}),
                                          Pair("shop/web.v2", TargetState{3, true})));
  const auto third = source.Load(Folder({{"shop.web.v2.json", document(5, "10s", kShop), ""}}));
  EXPECT_THAT(third.targets, ElementsAre(Pair("shop/web.v2", TargetState{5, false})));
}

TEST(ConfigSource, WarnsOfAlertsThatNobodyGets) {
  ConfigSource source;
  const auto loaded =
      source.Load({false,
                   {{"f.yaml",
                     "version: 1\nloki: {url: 'http://l'}\nlogs:\n- files: {include: [/a]}\n"
                     "  pipeline: [{alert: {name: Down}}]\n",
                     ""}},
                   {}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(
      loaded.warnings,
      ElementsAre("logs: there are alert stages, but no alertmanager.urls: no alert is sent "
                  "until it is set"));
}

TEST(ConfigSource, DocumentsHaveSelectorGenerationAndConfig) {
  ConfigSource source;
  const auto loaded = source.Load(Folder({{"a.json", "{\"version\": 1}", ""},
                                          {"b.json", "{\"selector\": {\"matchAll\": true}}", ""}}));
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("a.json:1: config is missing"),
                                           HasSubstr("b.json:1: config is missing")));
  EXPECT_TRUE(loaded.usable);
}

TEST(ConfigSource, PartsOfANewerOperatorAreLeftOutAndTheRestIsUsed) {
  ConfigSource source;
  const std::string document = R"({"selector": {"matchAll": true}, "priority": 7, "config":
    {"version": 1, "later": {}, "loki": {"url": "http://l", "shards": 3}, "collectors": {"gpu": {}},
     "logs": [{"files": {"include": ["/a"]}, "encoding": "utf-16",
               "pipeline": [{"translate": {}}, {"drop": {"expression": "x"}}]}]}})";
  const auto loaded = source.Load(Folder({{"a.json", document, ""}}));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.unknown_parts, 6u);
  EXPECT_THAT(loaded.warnings, Contains(HasSubstr("unknown key \"translate\"")));
  ASSERT_EQ(loaded.config.logs.size(), 1u);
  EXPECT_EQ(loaded.config.logs[0].pipeline.stages.size(), 1u);
  EXPECT_EQ(loaded.config.loki.url, "http://l");
}

TEST(ConfigSource, ASelectorIsUnderstoodInFullOrNotUsed) {
  ConfigSource source;
  const auto loaded = source.Load(Folder(
      {{"a.json", R"({"selector": {"matchAll": true, "except": {}}, "config": {"version": 1}})",
        ""}}));
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("unknown key \"except\"")));
}

TEST(ConfigSource, AFileThatAPersonWroteMustBeRightInFull) {
  ConfigSource source;
  const auto loaded = source.Load({false,
                                   {{"f.yaml",
                                     "version: 1\nlater: {}\nlogs:\n- files: {include: [/a]}\n"
                                     "  pipeline: [{translate: {}}]\n",
                                     ""}},
                                   {}});
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("unknown key \"later\""),
                                           HasSubstr("unknown key \"translate\"")));
  EXPECT_EQ(loaded.unknown_parts, 0u);
}

TEST(ConfigSource, MoreLabelsThanLokiTakesAreRefusedInAFile) {
  const auto problems = [](int count, const std::string& more) {
    std::string text = "version: 1\nloki: {url: 'http://l'" + more + "}\nlabels: {";
    for (int i = 0; i < count; ++i) text += "l" + std::to_string(i) + ": x, ";
    text += "}\nlogs:\n- files: {include: [/a]}\n";
    ConfigSource source;
    return source.Load({false, {{"f.yaml", text, ""}}, {}}).problems;
  };
  EXPECT_THAT(problems(13, ""), IsEmpty());
  EXPECT_THAT(problems(14, ""),
              ElementsAre(HasSubstr("f.yaml:5: logs[0] makes up to 16 labels for a "
                                    "stream with filename and stream, and "
                                    "loki.maxLabels is 15")));
  EXPECT_THAT(problems(14, ", maxLabels: 30"), IsEmpty());
  EXPECT_THAT(problems(1, ", maxLabels: 3"), ElementsAre(HasSubstr("from 8 to 100")));
}

TEST(ConfigSource, ADocumentWithoutSelectorSelectsNothing) {
  ConfigSource source;
  const auto loaded =
      source.Load(Folder({{"a.json", "{\"config\": {\"version\": 1, \"interval\": \"2s\"}}", ""}}));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.interval_ms, 0);
}

TEST(ConfigSource, ASingleFileThatWasNeverGoodCannotBeUsed) {
  ConfigSource source;
  EXPECT_FALSE(source.Load({false, {{"f.yaml", "version: 9", ""}}, {}}).usable);
  EXPECT_TRUE(source.Load({false, {{"f.yaml", "version: 1\ninterval: 3s\n", ""}}, {}}).usable);
  const auto later = source.Load({false, {{"f.yaml", "version: 9", ""}}, {}});
  EXPECT_TRUE(later.usable);
  EXPECT_EQ(later.config.interval_ms, 3'000);
  EXPECT_THAT(later.problems, ElementsAre(HasSubstr("f.yaml:1: version must be 1")));
}

// What the operator writes, as its golden file has it: lines "## <key>" and the JSON after each.
ConfigTexts WrittenByTheOperator() {
  ConfigTexts texts;
  texts.folder = true;
  const std::string golden = ReadGolden("sidecar/mixed.txt");
  for (std::string_view line : Split(golden, '\n')) {
    if (line.starts_with("## ")) {
      texts.files.push_back({std::string(line.substr(3)), "", ""});
    } else if (!line.starts_with("# ") && !texts.files.empty()) {
      texts.files.back().text.append(line).push_back('\n');
    }
  }
  return texts;
}

TEST(ConfigSource, UnderstandsWhatTheOperatorWrites) {
  ConfigTexts texts = WrittenByTheOperator();
  ASSERT_GT(texts.files.size(), 2u);
  texts.pod_labels.text = "app=\"shop\"\n";
  ConfigSource source;
  const auto loaded = source.Load(texts);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("no alertmanager.url")));
  EXPECT_EQ(loaded.config.loki.url, "http://telltale-loki.telltale.svc:3100");
  EXPECT_THAT(loaded.config.logs, Not(IsEmpty()));
  EXPECT_THAT(loaded.config.collectors, ElementsAre("filesystem", "network", "process"));
}

TEST(ReadConfigTexts, ReadsTheJsonFilesOfAFolderAndNotTheKubeletsOwn) {
  TempFolder folder;
  folder.Write("b.json", "B");
  folder.Write("a.json", "A");
  folder.Write(".hidden.json", "no");
  folder.Write("note.txt", "no");
  folder.Write("labels", "app=\"x\"");
  const ConfigTexts texts = ReadConfigTexts(folder.path(), folder.path());
  EXPECT_TRUE(texts.folder);
  EXPECT_THAT(texts.files,
              ElementsAre(ConfigText{"a.json", "A", ""}, ConfigText{"b.json", "B", ""}));
  EXPECT_EQ(texts.pod_labels.text, "app=\"x\"");
  EXPECT_THAT(texts.warnings, ElementsAre(HasSubstr("/labels: is not read"),
                                          HasSubstr("/note.txt: is not read: a folder's parts")));
}

TEST(ReadConfigTexts, AFolderThatIsNotThereIsEmptyButAFileIsMissing) {
  TempFolder folder;
  const ConfigTexts none = ReadConfigTexts(folder.path() + "/none", "");
  EXPECT_TRUE(none.folder);
  EXPECT_THAT(none.files, IsEmpty());
  EXPECT_TRUE(ConfigSource().Load(none).usable);
  const ConfigTexts missing = ReadConfigTexts(folder.path() + "/none.yaml", "");
  ASSERT_EQ(missing.files.size(), 1u);
  EXPECT_THAT(missing.files[0].problem, HasSubstr("none.yaml"));
}

}  // namespace
}  // namespace telltale

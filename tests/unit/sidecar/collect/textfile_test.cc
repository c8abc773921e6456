// SPDX-License-Identifier: Apache-2.0
//
// Files of the textfile collector: which are shown, and why others are not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/textfile_scan.h"
#include "sidecar/collect/textfiles.h"
#include "tests/fakes/unprivileged.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TextfileTest : public ::testing::Test {
 protected:
  // "name{label=value}=number ..." of what is shown.
  std::string Shown() {
    std::string out;
    for (const MergedFamily& family : scan_.page->families) {
      for (const auto& part : family.parts) {
        for (const Metric& metric : part->metrics) {
          out += std::string(out.empty() ? "" : " ") + std::string(family.name);
          for (const auto& [name, value] : metric.labels) out += "{" + name + "=" + value + "}";
          out += "=" + std::to_string(static_cast<int>(metric.value));
        }
      }
    }
    return out;
  }
  // "file reason" of each error.
  std::vector<std::string> Scan() {
    scan_ = scanner_.Scan(folders_, RealClock().WallNanos());
    std::vector<std::string> errors;
    for (const TextfileError& error : scan_.errors) {
      errors.push_back(error.path.substr(folder_.path().size() + 1) + " " +
                       std::string(error.reason));
    }
    return errors;
  }

  TempFolder folder_;
  std::vector<TextfileConfig> folders_{{folder_.path(), 0}};
  TextfileScanner scanner_;
  TextfileScan scan_;
};

TEST_F(TextfileTest, ABrokenFileIsLeftOutAsAWholeAndTheOthersAreShown) {
  folder_.Write("good.prom", "# TYPE a gauge\na 1\n");
  folder_.Write("crlf.prom", "b 2\r\nc{x=\"y\"} 3\r\n");
  folder_.Write("cut.prom", "d 4\ne 5");
  folder_.Write("half.prom", "f 6\nthis is no metric\ng 7\n");
  folder_.Write("quoted.prom", "{\"a.b\"} 1\n");
  folder_.Write("time.prom", "h 8\ni 9 1700000000000\n");
  folder_.Write("twice.prom", "j 1\nj 2\nk 3\n");
  EXPECT_THAT(Scan(), ElementsAre("cut.prom syntax", "half.prom syntax", "quoted.prom syntax",
                                  "time.prom timestamp", "twice.prom duplicate"));
  EXPECT_EQ(Shown(), "a=1 b=2 c{x=y}=3");
  EXPECT_THAT(scan_.errors[0].text, HasSubstr("unexpected end of input stream"));
  EXPECT_THAT(scan_.errors[1].text, HasSubstr("line 2"));
  EXPECT_EQ(scan_.modified.size(), 7u);
}

TEST_F(TextfileTest, OfTwoFilesThatClashTheLaterIsLeftOutAndTheOtherIsNamed) {
  folder_.Write("1.prom", "# TYPE a gauge\na{x=\"1\"} 1\n");
  folder_.Write("2.prom", "# TYPE a gauge\na{x=\"1\"} 2\nb 2\n");
  folder_.Write("3.prom", "# TYPE a counter\na{x=\"3\"} 3\n");
  folder_.Write("4.prom", "# TYPE a gauge\na{x=\"4\"} 4\nb 4\n");
  EXPECT_THAT(Scan(), ElementsAre("2.prom clash", "3.prom clash"));
  EXPECT_EQ(Shown(), "a{x=1}=1 a{x=4}=4 b=4");
  EXPECT_THAT(scan_.errors[0].text, HasSubstr("/1.prom: "));
  // The earlier one goes: the later has its place.
  std::filesystem::remove(folder_ / "1.prom");
  EXPECT_THAT(Scan(), ElementsAre("3.prom clash", "4.prom clash"));
  EXPECT_EQ(Shown(), "a{x=1}=2 b=2");
}

TEST_F(TextfileTest, AFamilyOfTwoFilesIsOneWithTheFirstHelp) {
  folder_.Write("1.prom", "# TYPE a gauge\na{x=\"1\"} 1\n");
  folder_.Write("2.prom", "# HELP a Second.\n# TYPE a gauge\na{x=\"2\"} 2\n");
  folder_.Write("3.prom", "# HELP a Third.\n# TYPE a gauge\na{x=\"3\"} 3\n");
  EXPECT_THAT(Scan(), IsEmpty());
  ASSERT_EQ(scan_.page->families.size(), 1u);
  EXPECT_EQ(scan_.page->families[0].help, "Second.");
  EXPECT_EQ(scan_.page->families[0].parts.size(), 3u);
}

TEST_F(TextfileTest, OnlyFilesThatEndInPromAndAreNotHiddenAreRead) {
  for (const char* name : {"a.prom.tmp", "b.PROM", "c.prom.123", ".d.prom", "prom"}) {
    folder_.Write(name, "broken");
  }
  std::filesystem::create_directory(folder_ / "e.prom");
  folder_.Write("e.prom/f.prom", "broken");
  EXPECT_THAT(Scan(), IsEmpty());
  EXPECT_EQ(Shown(), "");
}

TEST_F(TextfileTest, WhatIsNoFileThatCanBeReadIsSaidApart) {
  std::filesystem::create_symlink(folder_ / "nowhere", folder_ / "link.prom");
  folder_.Write("secret.prom", "a 1\n");
  std::filesystem::permissions(folder_ / "secret.prom", std::filesystem::perms::none);
  ASSERT_EQ(mkfifo((folder_ / "pipe.prom").c_str(), 0644), 0);
  folder_.Write("large.prom", std::string((1 << 20) + 1, '#'));
  folder_.Write("good.txt", "b 2\n");
  std::filesystem::create_symlink(folder_ / "good.txt", folder_ / "ok.prom");
  const Unprivileged unprivileged(true);
  EXPECT_THAT(Scan(), ElementsAre("large.prom too_large", "link.prom missing", "pipe.prom special",
                                  "secret.prom permission"));
  EXPECT_EQ(Shown(), "b=2");
}

TEST_F(TextfileTest, TheSidecarsOwnMetricsCannotBeWritten) {
  folder_.Write("1.prom", "a 1\nnode_textfile_scrape_error 7\n");
  folder_.Write("2.prom", "telltale_http_up 1\n");
  folder_.Write("3.prom", "node_md_disks 1\n");
  EXPECT_THAT(Scan(), ElementsAre("1.prom reserved", "2.prom reserved"));
  EXPECT_EQ(Shown(), "node_md_disks=1");
}

TEST_F(TextfileTest, AnOldFileKeepsItsTimeAndIsLeftOutIfThatIsWanted) {
  folder_.Write("old.prom", "a 1\n");
  folder_.Write("new.prom", "b 2\n");
  const std::int64_t day_ago = RealClock().WallNanos() / 1'000'000'000 - 86'400;
  const utimbuf times{day_ago, day_ago};
  ASSERT_EQ(utime((folder_ / "old.prom").c_str(), &times), 0);
  EXPECT_THAT(Scan(), IsEmpty());
  EXPECT_EQ(Shown(), "a=1 b=2");
  EXPECT_EQ(scan_.modified.at(folder_ / "old.prom"), day_ago);
  folders_[0].max_age_ms = 3'600'000;
  EXPECT_THAT(Scan(), ElementsAre("old.prom stale"));
  EXPECT_EQ(Shown(), "b=2");
  EXPECT_EQ(scan_.modified.at(folder_ / "old.prom"), day_ago);
}

TEST_F(TextfileTest, AFileThatVanishesTakesItsSeriesAlongAndAMendedOneComesBack) {
  folder_.Write("1.prom", "a 1\n");
  folder_.Write("2.prom", "b 2\n");
  EXPECT_THAT(Scan(), IsEmpty());
  std::filesystem::remove(folder_ / "1.prom");
  folder_.Write("2.prom", "b x\n");
  EXPECT_THAT(Scan(), ElementsAre("2.prom syntax"));
  EXPECT_EQ(Shown(), "");
  EXPECT_EQ(scan_.modified.size(), 1u);
  folder_.Write("2.prom", "b 3\n");
  EXPECT_THAT(Scan(), IsEmpty());
  EXPECT_EQ(Shown(), "b=3");
}

TEST_F(TextfileTest, FoldersAreReadSideBySideAndOneThatIsNotThereHurtsNoOther) {
  const TempFolder second;
  second.Write("x.prom", "b 2\n");
  folder_.Write("x.prom", "a 1\n");
  folders_ = {{folder_ / "none", 0}, {second.path(), 0}, {folder_.path(), 0}};
  EXPECT_THAT(Scan(), IsEmpty());
  EXPECT_EQ(Shown(), "a=1 b=2");
  EXPECT_THAT(scan_.folder_problems, ElementsAre(HasSubstr("/none: No such file or directory")));
}

TEST_F(TextfileTest, ManyFilesAndSamplesHaveALimit) {
  for (int i = 0; i < 260; ++i) {
    std::string text;
    for (int sample = 0; sample < 250; ++sample) {
      text += "m" + std::to_string(i) + "{i=\"" + std::to_string(sample) + "\"} 1\n";
    }
    folder_.Write("f" + std::to_string(1'000 + i) + ".prom", text);
  }
  const auto errors = Scan();
  EXPECT_EQ(scan_.left_out, 4u);
  EXPECT_EQ(errors.size(), 56u);  // 200 files of 250 samples are 50,000
  EXPECT_EQ(errors[0], "f1200.prom too_large");
}

// Three writers that rename: each page has both values of one write, never a half.
TEST_F(TextfileTest, WritersThatRenameNeverLeaveAHalfFile) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; !stop; ++i) {
        const std::string temporary = "t" + std::to_string(writer);
        const std::string value = std::to_string(i % 1000 + writer * 1000) + "\n";
        folder_.Write(temporary, "a " + value + "b " + value);
        std::filesystem::rename(folder_ / temporary, folder_ / "x.prom");
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    EXPECT_THAT(Scan(), IsEmpty());
    const auto& families = scan_.page->families;
    if (families.empty()) continue;  // not written yet
    ASSERT_EQ(families.size(), 2u);
    EXPECT_EQ(families[0].parts[0]->metrics[0].value, families[1].parts[0]->metrics[0].value);
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
}

TEST_F(TextfileTest, FilesOfOneFamilyAreOneFamilyOfEveryType) {
  folder_.Write("a.prom",
                "# HELP d Done.\n# TYPE d counter\nd{q=\"a\\\"b\"} 3\n"
                "# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_sum 3\nh_count 2\n"
                "# TYPE s summary\ns{quantile=\"0.9\"} 4\ns_sum 5\ns_count 6\nu +Inf\n");
  folder_.Write("b.prom", "# TYPE d counter\nd 4\n");
  EXPECT_THAT(Scan(), IsEmpty());
  std::string page;
  PageWriter writer({}, page);
  for (const MergedFamily& family : scan_.page->families) {
    writer.Begin({family.name, family.help, {}, family.type});
    for (const auto& part : family.parts) {
      for (const Metric& metric : part->metrics) writer.Add(metric);
    }
    writer.End();
  }
  EXPECT_EQ(
      page,
      "# HELP d Done.\n# TYPE d counter\nd{q=\"a\\\"b\"} 3\nd 4\n"
      "# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
      "# TYPE s summary\ns{quantile=\"0.9\"} 4\ns_sum 5\ns_count 6\n"
      "# TYPE u untyped\nu +Inf\n");
}

TEST(TextfileCollector, SaysWhatItLeavesOutAndTakesItsSeriesAlong) {
  static std::vector<std::string> logged;
  logged.clear();
  SetLogSinkForTest([](std::string_view line) { logged.emplace_back(line); });
  const TempFolder folder;
  folder.Write("a.prom", "a 1\n");
  folder.Write("b.prom", "broken");
  Registry registry;
  CollectorRoots roots;
  roots.textfiles = std::make_shared<Textfiles>();
  auto collector = MakeTextfileCollector(registry, roots);
  CollectorSettings settings;
  settings.textfile = {{folder.path(), 0}};
  collector->Configure(settings, std::chrono::seconds(10));
  for (int cycle = 0; cycle < 3; ++cycle) ASSERT_TRUE(collector->Collect().ok());
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page, HasSubstr("node_textfile_scrape_error 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_textfile_error{file=\"" + folder / "b.prom" +
                              "\",reason=\"syntax\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("node_textfile_mtime_seconds{file=\"" + folder / "a.prom" + "\"}"));
  EXPECT_THAT(logged, ElementsAre(HasSubstr("b.prom")));
  ASSERT_NE(roots.textfiles->Get(), nullptr);
  EXPECT_EQ(roots.textfiles->Get()->families.size(), 1u);
  settings.textfile[0].directory = folder / "none";
  collector->Configure(settings, std::chrono::seconds(10));
  EXPECT_THAT(collector->Collect().error().message, HasSubstr("none"));
  EXPECT_EQ(roots.textfiles->Get()->families.size(), 0u);
  collector.reset();
  SetLogSinkForTest(nullptr);
  page.clear();
  registry.Render(page);
  EXPECT_EQ(page, "");
  EXPECT_EQ(roots.textfiles->Get(), nullptr);
}

}  // namespace
}  // namespace telltale

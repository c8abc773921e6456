// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/alert_look_ahead.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;

class AlertLookAheadTest : public testing::Test {
 protected:
  AlertLookAheadTest() {
    source_.labels = {{"app", "shop"}, {"namespace", "mine"}};
    Use({.name = "Panic", .expression = "panic"});
    Start();
  }

  void Use(AlertSpec alert, std::vector<StageSpec> before = {}) {
    before.push_back(alert);
    source_.pipeline = *Pipeline::Compile({std::move(before)});
  }
  // A new process with the state of the last one.
  void Start() {
    ahead_.reset();
    registry_ = std::make_unique<Registry>();
    ahead_.emplace(temp_ / "state", *registry_, clock_);
    ahead_->SetSink([this](LogAlert alert) { raised_.push_back(std::move(alert)); });
    std::filesystem::create_directories(temp_ / "state");
  }
  // As the file set finds it after `text` was appended.
  TailedFile& Append(std::uint64_t file_id, const std::string& text) {
    const std::string path = temp_ / (std::to_string(file_id) + ".log");
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
    auto& file = files_[file_id];
    if (!file) {
      file = std::make_unique<TailedFile>();
      file->file_id = file_id;
      file->path = path;
      file->bytes = FileBytes(UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC)));
    }
    file->info.size = std::filesystem::file_size(path);
    file->info.modified = clock_.WallNanos();
    file->arrival_times.Note(file->info.size, clock_.WallNanos(), clock_.Steady());
    return *file;
  }
  void Step() {
    ahead_->Step(files_, [this](const TailedFile& file) {
      return shipped_.contains(file.file_id) ? nullptr : &source_;
    });
  }
  void StepAll() {
    do Step();
    while (ahead_->more());
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> out;
    for (const LogAlert& alert : raised_) out.push_back(*FindLabel(alert.annotations, "line"));
    return out;
  }
  std::string Page() const {
    std::string page;
    registry_->Render(page);
    return page;
  }
  std::string Label(const std::string& name) const {
    const std::string* value = FindLabel(raised_.at(0).labels, name);
    return value != nullptr ? *value : "(none)";
  }

  TempFolder temp_;
  FakeClock clock_;
  LogSource source_;
  AlertLookAhead::Files files_;
  std::set<std::uint64_t> shipped_;
  std::unique_ptr<Registry> registry_;
  std::optional<AlertLookAhead> ahead_;
  std::vector<LogAlert> raised_;
};

TEST_F(AlertLookAheadTest, ABigBacklogIsReadInSmallStepsAndOtherFilesAreReadInBetween) {
  std::string big;
  for (int i = 0; i < 40; ++i) {
    big += "panic " + std::to_string(i) + "\n" + std::string(32 << 10, 'x') + "\n";
  }
  Append(1, big);
  Append(2, "panic small\n");
  Step();
  EXPECT_LE(raised_.size(), 3u);
  EXPECT_TRUE(ahead_->more());
  Step();
  EXPECT_THAT(Lines(), testing::Contains("panic small"));
  EXPECT_LE(raised_.size(), 4u);
  StepAll();
  EXPECT_EQ(raised_.size(), 41u);
  EXPECT_FALSE(ahead_->more());
}

TEST_F(AlertLookAheadTest, AStepThatTakesLongEndsBeforeItsBytesAreRead) {
  class SlowClock : public Clock {
   public:
    std::int64_t WallNanos() const override { return FakeClock::kStartNanos; }
    SteadyTime Steady() const override { return SteadyTime(std::chrono::milliseconds(++calls_)); }
    mutable std::int64_t calls_ = 10'000;
  } slow;
  ahead_.reset();
  registry_ = std::make_unique<Registry>();
  ahead_.emplace("", *registry_, slow);
  ahead_->SetSink([this](LogAlert alert) { raised_.push_back(std::move(alert)); });
  std::string text;
  for (int i = 0; i < 50; ++i) text += "panic " + std::to_string(i) + "\n";
  Append(1, text);
  Step();
  EXPECT_LE(raised_.size(), 5u);
  EXPECT_TRUE(ahead_->more());
  StepAll();
  EXPECT_EQ(raised_.size(), 50u);
}

TEST_F(AlertLookAheadTest, AFileThatCanBeShippedIsNotReadAhead) {
  Append(1, "panic 1\n");
  Append(2, "panic 2\n");
  shipped_ = {1};
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic 2"));
}

TEST_F(AlertLookAheadTest, ALineThatWasReadAheadRaisesNothingWhenItsBatchIsMade) {
  TailedFile& file = Append(1, "panic 1\n");
  StepAll();
  ahead_->Raise(file, source_, {{0, {}, "panic 1", clock_.WallNanos(), 0}});
  ahead_->Raise(file, source_, {{0, {}, "panic 2", clock_.WallNanos(), 8}});
  EXPECT_THAT(Lines(), ElementsAre("panic 1", "panic 2"));
}

TEST_F(AlertLookAheadTest, AnUnfinishedLineWaitsForItsEnd) {
  Append(1, "panic");
  StepAll();
  EXPECT_THAT(raised_, IsEmpty());
  Append(1, " now\n");
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic now"));
}

TEST_F(AlertLookAheadTest, AfterARestartLinesThatWereReadAheadRaiseNothingAgain) {
  Append(1, "panic 1\nfine\n");
  StepAll();
  clock_.Advance(seconds(2));
  Append(1, "panic 2\n");
  StepAll();
  Start();
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic 1", "panic 2"));
  Append(1, "panic 3\n");
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic 1", "panic 2", "panic 3"));
}

TEST_F(AlertLookAheadTest, AnotherFileUnderTheNumberOfOneThatWasReadAheadIsReadFromItsStart) {
  Append(1, "panic 1\n");
  StepAll();
  Start();
  files_.clear();
  std::filesystem::remove(temp_ / "1.log");
  Append(1, "panic other\n");
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic 1", "panic other"));
}

TEST_F(AlertLookAheadTest, LinesOfABatchInTheJournalWereRaisedByTheProcessThatMadeIt) {
  TailedFile& file = Append(1, "panic 1\npanic 2\n");
  BatchRecord record;
  record.file_id = 1;
  record.checkpoint = *MakeCheckpoint(file.bytes, 8);
  ahead_->AlreadyRaised(record);
  ahead_->Raise(file, source_, {{0, {}, "panic 1", clock_.WallNanos(), 0}});
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic 2"));
}

TEST_F(AlertLookAheadTest, LinesOlderThanMaxAgeRaiseNothingAndAreCounted) {
  Append(1,
         "2026-11-21T00:57:02.000000000Z stdout F panic old\n"
         "2026-11-21T00:57:04.000000000Z stdout F panic young\n");  // now is 01:02:03
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic young"));
  EXPECT_EQ(raised_[0].time, clock_.WallNanos() - 299 * kSecond);
  EXPECT_THAT(Page(), testing::HasSubstr("telltale_alerts_dropped_total{reason=\"too_old\"} 1"));
  Use({.name = "Panic", .expression = "panic", .max_age_ms = 0});
  Append(2, "2020-11-21T00:57:02.000000000Z stdout F panic ancient\n");
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic young", "panic ancient"));
}

TEST_F(AlertLookAheadTest, APlainLineIsNotYoungerThanItsFile) {
  TailedFile& file = Append(1, "panic\n");
  file.info.modified = clock_.WallNanos() - 5 * 24 * 3'600 * kSecond;
  StepAll();
  EXPECT_THAT(raised_, IsEmpty());
}

TEST_F(AlertLookAheadTest, NoStageCanSayThatALineComesFromElsewhere) {
  Use({.name = "Panic", .labels = {{"severity", "page"}}},
      {RegexSpec{.expression = "ns=(?P<namespace>\\S+) n=(?P<node>\\S+)"},
       LabelsSpec{{{"namespace", ""}, {"node", ""}}}});
  TailedFile& file = Append(1, "ns=kube-system n=other\n");
  StepAll();
  ASSERT_EQ(raised_.size(), 1u);
  EXPECT_EQ(Label("namespace"), "mine");
  EXPECT_EQ(Label("node"), "(none)");
  EXPECT_EQ(Label("app"), "shop");
  EXPECT_EQ(Label("filename"), file.path);
  EXPECT_EQ(Label("severity"), "page");
  EXPECT_EQ(Label("alertname"), "Panic");
}

TEST_F(AlertLookAheadTest, AnAlertStageThatSetsAnOriginLabelIsRefused) {
  for (const std::string name : {"namespace", "pod", "container", "node", "cluster", "job", "app",
                                 "filename", "telltale_target", "alertname", "1st"}) {
    const auto compiled = Pipeline::Compile({{AlertSpec{.name = "A", .labels = {{name, "x"}}}}});
    ASSERT_FALSE(compiled.ok()) << name;
    EXPECT_THAT(compiled.error().message, testing::HasSubstr(name));
  }
  EXPECT_TRUE(Pipeline::Compile({{AlertSpec{.name = "A", .labels = {{"severity", "x"}}}}}).ok());
}

TEST_F(AlertLookAheadTest, ABlockOfLinesAtTheEndRaisesOneAlertWhateverFollowsIt) {
  Use({.name = "Panic", .expression = "panic"}, {MultilineSpec{.firstline = "^\\S"}});
  Append(1, "panic a\n  b\npanic c\n  d\n");
  StepAll();
  Append(1, "  e\n");
  StepAll();
  EXPECT_THAT(Lines(), ElementsAre("panic a\n  b", "panic c\n  d"));
}

}  // namespace
}  // namespace telltale

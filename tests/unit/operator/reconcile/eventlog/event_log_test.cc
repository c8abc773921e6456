// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/eventlog/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>

#include "common/base/files.h"
#include "common/base/strings.h"
#include "tests/fakes/fake_api.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPosition = "/api/v1/namespaces/telltale/configmaps/telltale-events";

class EventLogTest : public testing::Test {
 protected:
  // One of the operator's replicas: what it follows and the file that it writes.
  struct Replica {
    Replica(EventLogTest& test, const std::string& name, std::size_t max_file = 1 << 20,
            std::size_t max_waiting = 100)
        : file(test.folder_ / (name + "/events.log")),
          api(test.server_, [this] { return leads; }),
          log({.ns = "telltale",
               .file = file,
               .max_file = max_file,
               .max_waiting = max_waiting,
               .leads = [this] { return leads; }},
              api, registry) {
      std::filesystem::create_directory(test.folder_ / name);
    }

    void Sees(int version) {
      const std::string text = std::to_string(version);
      JsonParser parser;
      const Status status = parser.Parse(
          R"({"metadata":{"creationTimestamp":"2026-12-01T01:00:00Z","resourceVersion":")" + text +
              R"("},"message":"m)" + text + R"("})",
          [&](JsonValue root) {
            std::string seen;
            return log.Changed(root, seen);
          });
      EXPECT_TRUE(status.ok()) << status.error().message;
    }
    void Lists(std::initializer_list<int> versions) {
      log.ReplaceBegin();
      for (const int version : versions) Sees(version);
      log.ReplaceEnd();
    }
    // The versions of its lines.
    std::vector<std::string> Written(const std::string& suffix = "") const {
      std::vector<std::string> versions;
      const auto read = ReadFile(file + suffix);
      const std::string text = read.ok() ? *read : "";
      for (std::string_view line : Split(text, '\n')) {
        const std::size_t at = line.find(R"("message":"m)");
        if (at == std::string_view::npos) continue;
        line.remove_prefix(at + 12);
        versions.emplace_back(line.substr(0, line.find('"')));
      }
      return versions;
    }

    std::string Page() {
      std::string page;
      registry.Render(page);
      return page;
    }

    bool leads = false;
    const std::string file;
    Registry registry;
    Api api;
    EventLog log;
  };

  std::string Saved() {
    return server_.objects.contains(kPosition) ? server_.objects[kPosition] : "";
  }

  TempFolder folder_;
  FakeApi server_;
};

TEST_F(EventLogTest, TheLeaderWritesEventsInTheirOrderOnceAllThatAreThereAreKnown) {
  Replica one(*this, "one");
  one.leads = true;
  one.log.ReplaceBegin();
  one.Sees(100);
  one.Sees(9);
  one.log.Step();
  EXPECT_THAT(one.Written(), IsEmpty()) << "older ones may still come";
  one.Sees(25);
  one.log.ReplaceAbort();
  one.log.Step();
  EXPECT_THAT(one.Written(), IsEmpty());
  one.Lists({100, 10, 9, 25});
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("9", "10", "25", "100"));
  EXPECT_THAT(Saved(), HasSubstr(R"("data":{"resourceVersion":"100"})"));
  one.Lists({100, 9, 101});
  one.Sees(102);
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("9", "10", "25", "100", "101", "102"));
}

TEST_F(EventLogTest, NothingIsWrittenTwiceOrLeftOutWhenAnotherReplicaLeads) {
  Replica one(*this, "one"), two(*this, "two");
  one.leads = true;
  for (Replica* each : {&one, &two}) {
    each->Lists({7, 3});
    each->Sees(8);
    each->log.Step();
  }
  EXPECT_THAT(two.Written(), IsEmpty());
  for (Replica* each : {&one, &two}) each->Sees(9);
  one.leads = false;
  two.leads = true;
  for (Replica* each : {&one, &two}) {
    each->log.Step();
    each->Sees(10);
    each->log.Step();
  }
  EXPECT_THAT(one.Written(), ElementsAre("3", "7", "8"));
  EXPECT_THAT(two.Written(), ElementsAre("9", "10"));
  two.leads = false;
  one.leads = true;
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("3", "7", "8")) << "the other one wrote 9 and 10";
  Replica three(*this, "three");  // in the pod's place
  one.leads = false;
  three.leads = true;
  three.Lists({10, 9, 8, 11});
  three.log.Step();
  EXPECT_THAT(three.Written(), ElementsAre("11"));
}

TEST_F(EventLogTest, APositionThatCannotBeReadOrSavedHoldsNothingUpAndLosesNothing) {
  Replica one(*this, "one");
  one.leads = true;
  one.Lists({1, 2});
  server_.fail[kPosition] = 403;
  one.log.Step();
  EXPECT_THAT(one.Written(), IsEmpty()) << "somebody may have written them";
  server_.fail.clear();
  one.log.Step();
  server_.fail[kPosition] = 500;
  one.Sees(3);
  one.log.Step();
  one.Sees(4);
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Saved(), HasSubstr(R"("2")"));
  server_.fail.clear();
  one.log.Step();
  EXPECT_THAT(Saved(), HasSubstr(R"("4")")) << "saved when it can be, without another event";
  EXPECT_THAT(one.Written(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(EventLogTest, AFileThatCannotBeWrittenIsTriedAgain) {
  Replica one(*this, "one");
  one.leads = true;
  one.Lists({1});
  std::filesystem::remove_all(folder_ / "one");
  one.log.Step();
  one.Sees(2);
  one.log.Step();
  std::filesystem::create_directory(folder_ / "one");
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("1", "2"));
  EXPECT_THAT(Saved(), HasSubstr(R"("2")"));
}

TEST_F(EventLogTest, AFileThatIsLargeIsRenamedAndANewOneBegun) {
  Replica one(*this, "one", 100);
  one.leads = true;
  one.Lists({1, 2, 3});
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("1", "2", "3"));
  one.Sees(4);
  one.log.Step();
  EXPECT_THAT(one.Written(".1"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(one.Written(), ElementsAre("4"));
}

TEST_F(EventLogTest, ReplicasKeepTheNewestEventsOnlyAndTheLeaderCountsWhatItDropped) {
  Replica one(*this, "one", 1 << 20, 3);
  one.Lists({1, 2, 3, 4});
  EXPECT_THAT(one.Page(), HasSubstr(R"(lines_total{result="dropped"} 0)"));
  one.leads = true;
  one.Sees(5);
  one.log.Step();
  EXPECT_THAT(one.Written(), ElementsAre("3", "4", "5"));
  EXPECT_THAT(one.Page(), HasSubstr(R"(lines_total{result="dropped"} 1)"));
  EXPECT_THAT(one.Page(), HasSubstr(R"(lines_total{result="written"} 3)"));
}

TEST_F(EventLogTest, RunWritesTheLastEventsWhenItIsStopped) {
  Replica one(*this, "one");
  one.leads = true;
  one.Lists({1, 2});
  one.log.Stop();
  one.log.Run();
  EXPECT_THAT(one.Written(), ElementsAre("1", "2"));
  EXPECT_THAT(Saved(), HasSubstr(R"("2")"));
}

}  // namespace
}  // namespace telltale

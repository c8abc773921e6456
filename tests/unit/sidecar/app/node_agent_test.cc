// SPDX-License-Identifier: Apache-2.0
//
// A node agent over a folder laid out as the kubelet does: the whole sidecar in this process, with
// an operator and a Loki on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/fakes/fake_loki.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/app/running_app.h"
#include "tests/unit/sidecar/gzip_text.h"
#include "tests/unit/sidecar/node/fake_operator.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class NodeAgentTest : public ::testing::Test {
 protected:
  Status Start() {
    folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" + "\nloki: {url: '" +
                                loki_.url() +
                                "', batchWait: 10ms, maxAge: 0s}\npods: {operator: '" +
                                operator_.url() + "', directory: " + folder_ / "pods" +
                                ", linkTargets: [" + folder_ / "docker" + "]}\n");
    SidecarOptions options;
    options.config = folder_ / "c.yaml";
    options.role = "node";
    PodInfo agent;
    agent.node = "n1";
    return app_.Start(options, agent);
  }
  void Stop() { app_.Stop(); }
  // What the agent exports.
  std::string Page() {
    HttpClientOptions options;
    options.server = *ParseUrl("http://127.0.0.1:" + std::to_string(app_.port()));
    HttpClient client(std::move(options));
    HttpRequest request;
    request.target = "/metrics";
    const auto response = client.Send(request, std::chrono::seconds(10));
    return response.ok() ? std::string(response->body) : response.error().message;
  }

  std::string LogOf(const std::string& pod, const std::string& uid, const std::string& file) {
    const std::string path = folder_ / ("pods/shop_" + pod + "_" + uid + "/main/" + file);
    fs::create_directories(fs::path(path).parent_path());
    return path;
  }
  // As containerd writes a line; the second is the line's own.
  static std::string Cri(int second, const std::string& text, const char* rest = "stdout F") {
    char time[40];
    std::snprintf(time, sizeof time, "2026-11-21T01:02:%02d.000000007Z ", second);
    return time + std::string(rest) + " " + text + "\n";
  }
  static void Append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
  }
  static bool Holds(const FakeLoki::Push& push, const std::string& line) {
    return std::ranges::any_of(push.streams(), [&](const LokiStream* stream) {
      return std::ranges::find(stream->entries, line, &FakeLoki::Entry::line) !=
             stream->entries.end();
    });
  }
  bool Arrived(const std::vector<std::string>& lines) {
    return loki_.WaitFor([&](const std::vector<FakeLoki::Push>& pushes) {
      return std::ranges::all_of(lines, [&](const std::string& line) {
        return std::ranges::any_of(pushes,
                                   [&](const FakeLoki::Push& push) { return Holds(push, line); });
      });
    });
  }

  TempFolder folder_;
  FakeOperator operator_;
  FakeLoki loki_;
  RunningApp app_;
};

TEST_F(NodeAgentTest, WithDockerTheFilesBehindTheLinksAreRead) {
  const auto docker = [&](const std::string& log, const char* stream) {
    return "{\"log\":\"" + log + "\",\"stream\":\"" + stream +
           "\",\"time\":\"2026-11-21T01:02:03.000000007Z\"}\n";
  };
  fs::create_directories(folder_ / "docker/abc");
  const std::string file = folder_ / "docker/abc/abc-json.log";
  Append(file, docker("a \\\"quoted\\\" line\\n", "stdout") + docker("one ", "stderr"));
  fs::create_symlink(file, LogOf("a", "u-1", "0.log"));
  folder_.Write("elsewhere/b.log", "not to be read\n");
  fs::create_symlink(folder_ / "elsewhere/b.log", LogOf("b", "u-2", "0.log"));
  operator_.Say({{"a", "u-1"}, {"b", "u-2"}});
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"a \"quoted\" line"}));
  Append(file, docker("two\\n", "stderr"));
  ASSERT_TRUE(Arrived({"one two"}));
  for (const std::string& line : loki_.lines()) EXPECT_NE(line, "not to be read");
}

TEST_F(NodeAgentTest, AChangeOfTheTenantReachesAPodThatIsFollowed) {
  const auto say = [&](const std::string& tenant) {
    operator_.Answer(200, R"({"targets":[{"name":"shop/out","tenant":")" + tenant +
                              R"("}],"pods":[{"namespace":"shop","name":"a","uid":"u-1",)" +
                              R"("app":"shop","target":0,"containers":["main"]}]})");
  };
  const auto arrived = [&](const std::string& line, const std::string& tenant) {
    return loki_.WaitFor([&](const std::vector<FakeLoki::Push>& pushes) {
      return std::ranges::any_of(pushes, [&](const FakeLoki::Push& push) {
        return push.tenant == tenant && Holds(push, line);
      });
    });
  };
  const std::string log = LogOf("a", "u-1", "0.log");
  say("team-a");
  Append(log, Cri(3, "first"));
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(arrived("first", "team-a"));
  say("team-b");
  // The agent asks every two seconds; lines until then are still of the old tenant.
  int second = 4;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto changed = [&](const std::vector<FakeLoki::Push>& pushes) {
    return std::ranges::any_of(pushes, [](const auto& push) { return push.tenant == "team-b"; });
  };
  bool seen = false;
  while (!seen && std::chrono::steady_clock::now() < end) {
    Append(log, Cri(second % 60, "line " + std::to_string(second)));
    ++second;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    seen = changed(loki_.pushes());
  }
  EXPECT_TRUE(seen);
}

TEST_F(NodeAgentTest, EachPodHasItsOwnCountsAlsoWhileTheTenantOfAnotherIsRefused) {
  loki_.SetHandler([](const FakeLoki::Push& push) {
    return push.tenant == "team-b" ? FakeLoki::Reply{401, "", ""} : FakeLoki::Reply{204, "", ""};
  });
  const auto target = [](const std::string& name) {
    return R"({"name":"shop/)" + name + R"(","generation":2,"tenant":"team-)" + name + R"("})";
  };
  const auto pod = [](const std::string& name, int of) {
    return R"({"namespace":"shop","name":")" + name + R"(","uid":"u-)" + name +
           R"(","app":"shop","target":)" + std::to_string(of) + R"(,"containers":["main"]})";
  };
  operator_.Answer(200, R"({"targets":[)" + target("a") + "," + target("b") + R"(],"pods":[)" +
                            pod("a", 0) + "," + pod("b", 1) + "]}");
  Append(LogOf("a", "u-a", "0.log"), Cri(1, "one") + Cri(2, "two"));
  Append(LogOf("b", "u-b", "0.log"), Cri(3, "three"));
  ASSERT_TRUE(Start().ok());
  const auto series = [](const std::string& what, const std::string& name) {
    return "telltale_logs_target_" + what + "{log_namespace=\"shop\",log_pod=\"" + name +
           "\",log_pod_uid=\"u-" + name + "\",target=\"shop/" + name + "\"} ";
  };
  WaitUntil("pod a's lines are acknowledged and pod b's wait", [&] {
    const std::string page = Page();
    return page.find(series("acked_lines_total", "a") + "2\n") != page.npos &&
           page.find(series("pending_lines", "b") + "1\n") != page.npos;
  });
  EXPECT_THAT(Page(), HasSubstr(series("acked_lines_total", "b") + "0\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_target_generation{target=\"shop/b\"} 2\n"));
}

TEST_F(NodeAgentTest, ReadsThePodsItIsToldOfWithTheirLabelsAndTimesAndNoOthers) {
  Append(LogOf("a", "u-1", "0.log"), Cri(3, "from a"));
  Append(LogOf("b", "u-2", "0.log"), Cri(4, "from b", "stderr F"));
  Append(LogOf("secret", "u-3", "0.log"), Cri(5, "not to be read"));
  operator_.Say({{"a", "u-1"}, {"b", "u-2"}});
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"from a", "from b"}));
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("from a", "from b"));
  const auto streams = loki_.streams();
  const std::string path = LogOf("a", "u-1", "0.log");
  const auto of_a = streams.find("{app=\"shop\", container=\"main\", filename=\"" + path +
                                 "\", namespace=\"shop\", node=\"n1\", pod=\"a\", "
                                 "stream=\"stdout\", team=\"web\"}");
  ASSERT_NE(of_a, streams.end()) << streams.begin()->first;
  EXPECT_EQ(of_a->second[0].time, 1'795'222'923'000'000'007);
}

TEST_F(NodeAgentTest, ARestartedContainerAndAPodThatComesLaterAreReadFromTheirFirstLine) {
  const std::string first = LogOf("a", "u-1", "0.log");
  Append(first, Cri(1, "before"));
  operator_.Say({{"a", "u-1"}});
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"before"}));
  Append(first, Cri(2, "last words"));
  Append(LogOf("a", "u-1", "1.log"), Cri(3, "again"));
  Append(LogOf("later", "u-4", "0.log"), Cri(4, "hello"));
  operator_.Say({{"a", "u-1"}, {"later", "u-4"}});
  ASSERT_TRUE(Arrived({"last words", "again", "hello"}));
  EXPECT_EQ(loki_.lines().size(), 4u);
}

// container_log_manager.go: 0.log becomes 0.log.TIME, is compressed at the next rotation under a
// .tmp name, and only then unlinked.
TEST_F(NodeAgentTest, RotationsOfTheKubeletLoseAndDoubleNothingAlsoWhileTheAgentIsDown) {
  const std::string log = LogOf("a", "u-1", "0.log");
  operator_.Say({{"a", "u-1"}});
  Append(log, Cri(1, "one") + Cri(2, "tw", "stdout P"));
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"one"}));
  fs::rename(log, log + ".20261121-010203");
  Append(log, Cri(2, "o") + Cri(3, "three"));
  ASSERT_TRUE(Arrived({"two", "three"}));
  Stop();

  Append(log, Cri(4, "four"));
  const std::string old = log + ".20261121-010203";
  std::string text;
  std::getline(std::ifstream(old), text, '\0');
  Append(old + ".tmp", Gzip(text));
  fs::rename(old + ".tmp", old + ".gz");
  fs::remove(old);
  fs::rename(log, log + ".20261121-010303");
  Append(log, Cri(5, "five"));
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"four", "five"}));
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("one", "two", "three", "four", "five"));
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(NodeAgentTest, TheLastLinesOfADeletedPodArriveWhenLokiComesBack) {
  const std::string log = LogOf("a", "u-1", "0.log");
  operator_.Say({{"a", "u-1"}});
  Append(log, Cri(1, "one"));
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"one"}));
  loki_.GoDown();
  Append(log, Cri(2, "two") + Cri(3, "three"));
  operator_.Say({});
  fs::remove_all(folder_ / "pods/shop_a_u-1");
  const auto asked = operator_.requests().size();
  WaitUntil("the operator was asked twice",
            [&] { return operator_.requests().size() >= asked + 2; });
  loki_.ComeBack();
  ASSERT_TRUE(Arrived({"two", "three"}));
}

TEST_F(NodeAgentTest, ALinkThatLeadsOutOfThePodsFoldersIsNotFollowed) {
  folder_.Write("host/secret.log", Cri(1, "of the host"));
  fs::create_symlink(folder_ / "host/secret.log", LogOf("a", "u-1", "0.log"));
  Append(LogOf("a", "u-1", "1.log"), Cri(2, "of the pod"));
  operator_.Say({{"a", "u-1"}});
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({"of the pod"}));
  EXPECT_THAT(loki_.lines(), ElementsAre("of the pod"));
}

TEST_F(NodeAgentTest, StagesOfTheTargetRunOverTheLines) {
  Append(LogOf("a", "u-1", "0.log"),
         Cri(1, R"({"level":"debug","msg":"x"})") + Cri(2, R"({"level":"error","msg":"y"})"));
  operator_.Say({{"a", "u-1"}}, R"([{"json":{"expressions":{"level":""}}},)"
                                R"({"labels":{"values":{"level":""}}},)"
                                R"({"drop":{"source":"level","value":"debug"}}])");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(Arrived({R"({"level":"error","msg":"y"})"}));
  EXPECT_EQ(loki_.lines().size(), 1u);
  EXPECT_THAT(loki_.streams().begin()->first, HasSubstr("level=\"error\""));
}

TEST(NodeAgent, WithoutAnOperatorToAskItDoesNotStart) {
  TempFolder folder;
  folder.Write("c.yaml", "version: 1\nstate: " + folder / "state");
  SidecarOptions options;
  options.config = folder / "c.yaml";
  options.role = "node";
  App app(options, PodInfo{}, "127.0.0.1:0", "9.9.9", RealClock());
  const Status started = app.Start();
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message, HasSubstr("pods.operator"));
}

}  // namespace
}  // namespace telltale

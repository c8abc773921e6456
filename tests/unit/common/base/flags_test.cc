// SPDX-License-Identifier: Apache-2.0
#include "common/base/flags.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

class FlagsTest : public ::testing::Test {
 protected:
  FlagsTest() {
    flags_.Add("config", &config_, "FILE", "configuration file or folder");
    flags_.Add("port", &port_, "N", "where to listen");
    flags_.Add("promtail", &promtail_, "write Promtail's configuration");
    flags_.Add("retry", &retry_, "TIME", "how long to wait");
    flags_.Add("check-config", &check_, "check and exit");
  }

  // The error's message, or nothing.
  std::string Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "prog");
    const Status status = flags_.Parse(static_cast<int>(arguments.size()), arguments.data());
    return status.ok() ? "" : status.error().message;
  }

  std::string config_ = "/etc/telltale";
  int port_ = 8080;
  bool promtail_ = true, check_ = false;
  std::chrono::milliseconds retry_{2'500};
  Flags flags_{"prog", "Does things."};
};

TEST_F(FlagsTest, LeavesDefaultsAlone) {
  EXPECT_EQ(Parse({}), "");
  EXPECT_EQ(config_, "/etc/telltale");
  EXPECT_EQ(port_, 8080);
}

TEST_F(FlagsTest, TakesValuesAfterAnEqualsSignOrAsTheNextArgument) {
  EXPECT_EQ(Parse({"--config=/a=b", "--port", "-1"}), "");
  EXPECT_EQ(config_, "/a=b");
  EXPECT_EQ(port_, -1);
  EXPECT_EQ(Parse({"-config", "/c", "-port=9"}), "");
  EXPECT_EQ(config_, "/c");
  EXPECT_EQ(port_, 9);
  EXPECT_EQ(Parse({"--config="}), "");
  EXPECT_EQ(config_, "");
}

TEST_F(FlagsTest, TakesBooleansInEverySpelling) {
  EXPECT_EQ(Parse({"--check-config", "--no-promtail"}), "");
  EXPECT_TRUE(check_);
  EXPECT_FALSE(promtail_);
  EXPECT_EQ(Parse({"--promtail=true", "--check-config=false"}), "");
  EXPECT_FALSE(check_);
  EXPECT_TRUE(promtail_);
  EXPECT_EQ(Parse({"--promtail", "false", "--check-config", "--port=1"}), "");
  EXPECT_FALSE(promtail_);
  EXPECT_TRUE(check_);
}

TEST_F(FlagsTest, ReadsDurationsWithTheirUnits) {
  EXPECT_EQ(Parse({"--retry=1m30s"}), "");
  EXPECT_EQ(retry_, std::chrono::seconds(90));
}

TEST_F(FlagsTest, SaysWhichFlagIsWrongAndWhatIsAccepted) {
  EXPECT_EQ(Parse({"--port=http"}), "flag --port is \"http\", but a whole number is needed");
  EXPECT_EQ(Parse({"--port=99999999999"}),
            "flag --port is \"99999999999\", but a whole number is needed");
  EXPECT_EQ(Parse({"--promtail=maybe"}),
            "flag --promtail is \"maybe\", but true or false is needed");
  EXPECT_EQ(Parse({"--retry=2"}),
            "flag --retry is \"2\", but a duration such as 15s or 1m30s is needed");
  EXPECT_EQ(Parse({"--confg=x"}), "unknown flag --confg: see prog --help for the accepted ones");
  EXPECT_EQ(Parse({"--no-config"}),
            "unknown flag --no-config: see prog --help for the accepted ones");
  EXPECT_EQ(Parse({"--config"}), "flag --config needs a value: --config=FILE");
  EXPECT_EQ(Parse({"--config", "--port=1"}), "flag --config needs a value: --config=FILE");
  EXPECT_EQ(Parse({"file"}), "unexpected argument \"file\": prog takes only flags, see --help");
}

TEST_F(FlagsTest, PrintsEveryFlagWithItsDefault) {
  EXPECT_EQ(flags_.Help(),
            "prog: Does things.\n\nUsage: prog [flags]\n\n"
            "  --config FILE   configuration file or folder (default /etc/telltale)\n"
            "  --port N        where to listen (default 8080)\n"
            "  --promtail      write Promtail's configuration (default true); --no-promtail turns"
            " it off\n"
            "  --retry TIME    how long to wait (default 2500ms)\n"
            "  --check-config  check and exit\n");
}

}  // namespace
}  // namespace telltale

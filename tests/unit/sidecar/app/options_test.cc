// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace telltale {
namespace {

using ::testing::HasSubstr;

Result<SidecarOptions> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "telltale-sidecar");
  return ParseSidecarOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(SidecarOptions, TheInjectedArgumentsAreUnderstood) {
  const auto options = Parse({"--config=/etc/telltale/config", "--pod-info=/etc/telltale/pod"});
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options->config, "/etc/telltale/config");
  EXPECT_EQ(options->pod_info, "/etc/telltale/pod");
  EXPECT_EQ(options->role, "pod");
  EXPECT_FALSE(options->check_config);
}

TEST(SidecarOptions, WithoutArgumentsTheMountedConfigMapIsRead) {
  const auto options = Parse({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->config, "/etc/telltale/config");
  EXPECT_EQ(options->log_level, "info");
}

TEST(SidecarOptions, ARoleThatIsNotThereIsRefused) {
  const auto options = Parse({"--role=cluster"});
  ASSERT_FALSE(options.ok());
  EXPECT_THAT(options.error().message, HasSubstr("--role must be pod or node, but is \"cluster\""));
  EXPECT_EQ(Parse({"--role=node"})->role, "node");
  EXPECT_TRUE(Parse({"--once"})->once);
  EXPECT_THAT(Parse({"--once", "--role=node"}).error().message,
              HasSubstr("a node agent has to stay"));
  EXPECT_FALSE(Parse({"--config="}).ok());
  EXPECT_FALSE(Parse({"--no-such-flag"}).ok());
}

TEST(SidecarOptions, HelpNamesEveryFlag) {
  const auto options = Parse({"--help"});
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->help);
  for (const char* flag : {"config", "pod-info", "check-config", "once", "role", "log-level",
                           "log-format", "version"}) {
    EXPECT_THAT(options->help_text, HasSubstr(flag));
  }
}

}  // namespace
}  // namespace telltale

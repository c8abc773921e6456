// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

TEST(Glob, WildcardsStayWithinOneDirectory) {
  EXPECT_TRUE(GlobMatch("/var/log/*.log", "/var/log/a.log"));
  EXPECT_TRUE(GlobMatch("/var/log/*.log", "/var/log/.log"));
  EXPECT_FALSE(GlobMatch("/var/log/*.log", "/var/log/x/a.log"));
  EXPECT_FALSE(GlobMatch("/var/log/*.log", "/var/log/a.log.1"));
  EXPECT_TRUE(GlobMatch("/var/*/a?.log", "/var/b/ab.log"));
  EXPECT_FALSE(GlobMatch("/var/*/a?.log", "/var/b/a.log"));
  EXPECT_FALSE(GlobMatch("/var/*", "/var"));
  EXPECT_FALSE(GlobMatch("/var?log", "/var/log"));
}

TEST(Glob, ClassesRangesAndQuotes) {
  EXPECT_TRUE(GlobMatch("/l/[a-c]x", "/l/bx"));
  EXPECT_FALSE(GlobMatch("/l/[a-c]x", "/l/dx"));
  EXPECT_TRUE(GlobMatch("/l/[^a-c]x", "/l/dx"));
  EXPECT_TRUE(GlobMatch("/l/[!a-c]x", "/l/dx"));
  EXPECT_TRUE(GlobMatch("/l/[[:digit:]_]x", "/l/7x"));
  EXPECT_TRUE(GlobMatch("/l/[[:digit:]_]x", "/l/_x"));
  EXPECT_FALSE(GlobMatch("/l/[[:digit:]_]x", "/l/dx"));
  EXPECT_TRUE(GlobMatch("/l/[![:upper:]]x", "/l/dx"));
  EXPECT_FALSE(GlobMatch("/l/[[:none:]]x", "/l/nx"));
  EXPECT_TRUE(GlobMatch("/l/[[:]x", "/l/:x"));
  EXPECT_TRUE(GlobMatch("/l/[]]x", "/l/]x"));
  EXPECT_TRUE(GlobMatch("/l/[a\\-z]", "/l/-"));
  EXPECT_FALSE(GlobMatch("/l/[a\\-z]", "/l/b"));
  EXPECT_TRUE(GlobMatch("/l/\\*", "/l/*"));
  EXPECT_FALSE(GlobMatch("/l/\\*", "/l/a"));
  EXPECT_FALSE(GlobMatch("/l/[a", "/l/a"));
}

TEST(Glob, TwoStarsMatchAnyNumberOfDirectoriesAndNone) {
  for (const char* path : {"/l/a.log", "/l/x/a.log", "/l/x/y/z/a.log"}) {
    EXPECT_TRUE(GlobMatch("/l/**/*.log", path)) << path;
    EXPECT_TRUE(GlobMatch("/**/*.log", path)) << path;
    EXPECT_TRUE(GlobMatch("/l/**", path)) << path;
  }
  EXPECT_FALSE(GlobMatch("/l/**/*.log", "/l/x/a.txt"));
  EXPECT_FALSE(GlobMatch("/l/**/*.log", "/m/x/a.log"));
  EXPECT_FALSE(GlobMatch("/l/**", "/l"));
  EXPECT_TRUE(GlobMatch("/l/**/b/**/c", "/l/b/x/b/y/z/c"));
  EXPECT_FALSE(GlobMatch("/l/**/b/**/c", "/l/x/y/c"));
  EXPECT_TRUE(GlobMatch("/l/a**.log", "/l/ab.log"));  // within a name they are one
  EXPECT_FALSE(GlobMatch("/l/a**.log", "/l/a/b.log"));
}

TEST(Glob, BracesAreOneOfThem) {
  for (const char* path : {"/v/app/a.log", "/v/web/a.log", "/v/web/a.txt"}) {
    EXPECT_TRUE(GlobMatch("/v/{app,web}/*.{log,txt}", path)) << path;
  }
  EXPECT_FALSE(GlobMatch("/v/{app,web}/*.log", "/v/db/a.log"));
  EXPECT_TRUE(GlobMatch("/v/a{,b{c,d}}.log", "/v/a.log"));
  EXPECT_TRUE(GlobMatch("/v/a{,b{c,d}}.log", "/v/abd.log"));
  EXPECT_TRUE(GlobMatch("/v/\\{a,b\\}", "/v/{a,b}"));
  EXPECT_FALSE(GlobMatch("/v/{a", "/v/{a"));
  EXPECT_EQ(GlobRoot("/v/{app,web}/*.log"), "/v");
}

TEST(Glob, ManyStarsDoNotExplode) {
  std::string stars = "/", name = "/";
  for (int i = 0; i < 60; ++i) stars += "a*";
  name += std::string(2000, 'a') + "c";
  EXPECT_FALSE(GlobMatch(stars + "b", name));
  EXPECT_TRUE(GlobMatch(stars + "c", name));
  std::string deep, directories;
  for (int i = 0; i < 30; ++i) deep += "/**/a";
  for (int i = 0; i < 500; ++i) directories += "/a";
  EXPECT_FALSE(GlobMatch(deep + "/b", directories));
  EXPECT_TRUE(GlobMatch(deep + "/**", directories + "/b"));
}

TEST(Glob, PatternsThatCannotWorkAreExplained) {
  EXPECT_TRUE(CheckGlob("/var/log/[a-z]*.log").ok());
  for (const char* bad :
       {"", "x.log", "/var/../x", "/var/{a,..}/x", "/var/\\.\\./x", "/var/[a", "/var/log/", "/x\\",
        "/x{a,b", "/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"}) {
    auto status = CheckGlob(bad);
    ASSERT_FALSE(status.ok()) << bad;
    EXPECT_THAT(status.error().message, testing::HasSubstr("the pattern")) << bad;
  }
}

TEST(Glob, RootIsTheLiteralDirectory) {
  EXPECT_EQ(GlobRoot("/var/log/*.log"), "/var/log");
  EXPECT_EQ(GlobRoot("/var/*/x.log"), "/var");
  EXPECT_EQ(GlobRoot("/*"), "/");
  EXPECT_EQ(GlobRoot("/var/log/x.log"), "/var/log");
}

TEST(Glob, DirectoriesThatExistAreFound) {
  TempFolder temp;
  temp.Write("a1/x.log", "");
  temp.Write("a2/x.log", "");
  temp.Write("b/x.log", "");
  temp.Write("a3", "a file");
  EXPECT_THAT(GlobDirectories(temp / "a*/*.log"), testing::ElementsAre(temp / "a1", temp / "a2"));
  EXPECT_THAT(GlobDirectories(temp / "b/*.log"), testing::ElementsAre(temp / "b"));
  EXPECT_THAT(GlobDirectories(temp / "none/*.log"), testing::IsEmpty());
  temp.Write("a1/deep/er/x.log", "");
  std::filesystem::create_directory_symlink(temp.path(), temp / "a1/circle");
  EXPECT_THAT(GlobDirectories(temp / "{a1,b}/**/*.log"),
              testing::ElementsAre(temp / "a1", temp / "a1/deep", temp / "a1/deep/er", temp / "b"));
  EXPECT_THAT(GlobDirectories(temp / "**/er/*"), testing::ElementsAre(temp / "a1/deep/er"));
}

}  // namespace
}  // namespace telltale

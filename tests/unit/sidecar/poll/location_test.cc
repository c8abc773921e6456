// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/location.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

std::string Followed(const std::string& from, const std::string& location) {
  const auto url = FollowLocation(*ParseUrl(from), location);
  return url.ok() ? UrlText(*url) : "error";
}

TEST(FollowLocation, IsSeenFromTheUrlThatWasAsked) {
  const std::string from = "http://web:8080/a/b?c=1";
  EXPECT_EQ(Followed(from, "/x?y=2"), "http://web:8080/x?y=2");
  EXPECT_EQ(Followed(from, "x"), "http://web:8080/a/x");
  EXPECT_EQ(Followed(from, "../x/./y/"), "http://web:8080/x/y/");
  EXPECT_EQ(Followed(from, "../../../x/.."), "http://web:8080/");
  EXPECT_EQ(Followed(from, "?q=/../r"), "http://web:8080/a/b?q=/../r");
  EXPECT_EQ(Followed(from, "//other/x"), "http://other/x");
  EXPECT_EQ(Followed(from, "https://other:444/x#part"), "https://other:444/x");
  EXPECT_EQ(Followed("https://[::1]:8443/a", "/b"), "https://[::1]:8443/b");
  EXPECT_EQ(Followed("http://web/", "login?to=http://x/"), "http://web/login?to=http://x/");
}

TEST(FollowLocation, RefusesWhatIsNoHttp) {
  for (const char* location :
       {"", "#part", "ftp://x/", "javascript:alert(1)", "http://", "file:///etc"}) {
    EXPECT_EQ(Followed("http://web/", location), "error") << location;
  }
}

TEST(SameOrigin, IsSchemeHostAndPort) {
  const Url url = *ParseUrl("https://web/a");
  EXPECT_TRUE(SameOrigin(url, *ParseUrl("https://WEB:443/b")));
  EXPECT_FALSE(SameOrigin(url, *ParseUrl("http://web:443/b")));
  EXPECT_FALSE(SameOrigin(url, *ParseUrl("https://web:444/a")));
  EXPECT_FALSE(SameOrigin(url, *ParseUrl("https://web2/a")));
}

}  // namespace
}  // namespace telltale

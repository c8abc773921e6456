// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_proxy.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(ParseHttpProxy, TakesTheHostAndTheCredentialsBeforeIt) {
  const HttpProxy plain = {"proxy", 3128, "", ""};
  EXPECT_EQ(*ParseHttpProxy("http://proxy:3128"), plain);
  EXPECT_EQ(plain.Authorization(), "");
  EXPECT_EQ(*ParseHttpProxy("http://proxy/"), (HttpProxy{"proxy", 80, "", ""}));
  EXPECT_EQ(*ParseHttpProxy("http://me:pw@[fd00::1]:3128"),
            (HttpProxy{"fd00::1", 3128, "me", "pw"}));
  EXPECT_EQ(*ParseHttpProxy("http://me@p"), (HttpProxy{"p", 80, "me", ""}));
  EXPECT_EQ(*ParseHttpProxy("http://a:b@c:d@p/x@y"), (HttpProxy{"p", 80, "a", "b@c:d"}));
}

TEST(ParseHttpProxy, DecodesWhatIsPercentEncodedAndLeavesTheRest) {
  EXPECT_EQ(*ParseHttpProxy("http://me%40x:s%3ac%2@p"), (HttpProxy{"p", 80, "me@x", "s:c%2"}));
  EXPECT_EQ(ParseHttpProxy("http://a:%2f%2F@p")->password, "//");
}

TEST(ParseHttpProxy, NoErrorRepeatsAPassword) {
  for (const char* text : {"https://me:secret@p", "socks5://me:secret@p", "http://me:secret@",
                           "http://me:secret@p:x", "http://me:secret@a b", "me:secret@p",
                           "http://me:secret@p:3128:1", "http://me:secret@p#x"}) {
    const auto proxy = ParseHttpProxy(text);
    ASSERT_FALSE(proxy.ok()) << text;
    EXPECT_TRUE(proxy.error().message.starts_with("must be")) << proxy.error().message;
    EXPECT_EQ(proxy.error().message.find("secret"), std::string::npos) << proxy.error().message;
  }
}

}  // namespace
}  // namespace telltale

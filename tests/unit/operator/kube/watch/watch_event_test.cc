// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/watch_event.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(WatchEvent, TellsTheTypeAndTheVersionOfTheObject) {
  JsonParser parser;
  WatchEvent event;
  const struct {
    const char* name;
    WatchEvent::Type type;
  } cases[] = {{"ADDED", WatchEvent::Type::kAdded},
               {"MODIFIED", WatchEvent::Type::kModified},
               {"DELETED", WatchEvent::Type::kDeleted},
               {"BOOKMARK", WatchEvent::Type::kBookmark},
               {"SOMETHING", WatchEvent::Type::kUnknown}};
  for (const auto& c : cases) {
    const std::string line = std::string(R"({"type":")") + c.name +
                             R"(","object":{"kind":"Pod","metadata":{"name":"a","labels":{},)"
                             R"("resourceVersion":"42"},"spec":{"resourceVersion":"no"}}})";
    ASSERT_TRUE(DecodeWatchEvent(parser, line, event).ok());
    EXPECT_EQ(event.type, c.type);
    EXPECT_EQ(event.type_name, c.name);
    EXPECT_EQ(event.resource_version, "42");
  }
}

TEST(WatchEvent, TellsTheCodeAndMessageOfAnError) {
  JsonParser parser;
  WatchEvent event;
  ASSERT_TRUE(DecodeWatchEvent(parser,
                               R"({"type":"ERROR","object":{"kind":"Status","metadata":{},)"
                               R"("message":"too old","reason":"Expired","code":410}})",
                               event)
                  .ok());
  EXPECT_EQ(event.type, WatchEvent::Type::kError);
  EXPECT_EQ(event.code, 410);
  EXPECT_EQ(event.message, "too old");
  // Nothing stays from the line before.
  ASSERT_TRUE(DecodeWatchEvent(parser, R"({"type":"ADDED","object":{}})", event).ok());
  EXPECT_EQ(event.code, 0);
  EXPECT_EQ(event.message, "");
  EXPECT_EQ(event.resource_version, "");
}

TEST(WatchEvent, RefusesLinesThatAreNoEvents) {
  JsonParser parser;
  WatchEvent event;
  for (const char* line : {"{}", "[]", "nonsense", R"({"type":"ADDED"})", R"({"object":{}})",
                           R"({"type":"ADDED","obj)"}) {
    EXPECT_FALSE(DecodeWatchEvent(parser, line, event).ok()) << line;
  }
}

TEST(WatchEvent, GivesTheObjectToItsReader) {
  JsonParser parser;
  std::string name;
  const Status status = WithWatchObject(
      parser, R"({"type":"ADDED","object":{"name":"a"}})", [&](JsonValue object) -> Status {
        return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
          if (key == "name") name = value.String().value_or("");
          return {};
        });
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(name, "a");
}

TEST(ListMeta, TellsVersionAndContinueToken) {
  JsonParser parser;
  ListMeta meta;
  ASSERT_TRUE(DecodeListMeta(parser, R"({"resourceVersion":"7","continue":"abc"})", meta).ok());
  EXPECT_EQ(meta.resource_version, "7");
  EXPECT_EQ(meta.continue_token, "abc");
}

}  // namespace
}  // namespace telltale

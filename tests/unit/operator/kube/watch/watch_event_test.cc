// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/watch_event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace telltale {
namespace {

using Type = WatchEvent::Type;

// Reads lines; its decoder takes the name of an object, and its version unless told otherwise.
struct Reader {
  Status Read(std::string_view line) {
    return ReadWatchEvent(parser, line, event,
                          [this](Type type, JsonValue object, std::string& version) -> Status {
                            types.push_back(type);
                            names.push_back(ObjectName(object, gives_version ? &version : nullptr));
                            return answer;
                          });
  }
  JsonParser parser;
  WatchEvent event;
  std::vector<Type> types;
  std::vector<std::string> names;
  bool gives_version = true;
  Status answer;
};

TEST(WatchEvent, GivesItsObjectToTheDecoderWithTheType) {
  Reader reader;
  for (const char* name : {"ADDED", "MODIFIED", "DELETED"}) {
    ASSERT_TRUE(reader
                    .Read(std::string(R"({"type":")") + name +
                          R"(","object":{"kind":"Pod","metadata":{"name":"a","labels":{},)"
                          R"("resourceVersion":"42"},"spec":{"resourceVersion":"no"}}})")
                    .ok());
    EXPECT_EQ(reader.event.type_name, name);
    EXPECT_EQ(reader.event.resource_version, "42");
  }
  EXPECT_EQ(reader.types, (std::vector{Type::kAdded, Type::kModified, Type::kDeleted}));
  EXPECT_EQ(reader.names, (std::vector<std::string>{"a", "a", "a"}));
}

TEST(WatchEvent, DecodesAnObjectThatComesBeforeItsType) {
  Reader reader;
  ASSERT_TRUE(
      reader.Read(R"({"object":{"metadata":{"name":"a","resourceVersion":"42"}},"type":"DELETED"})")
          .ok());
  EXPECT_EQ(reader.types, std::vector{Type::kDeleted});
  EXPECT_EQ(reader.names, std::vector<std::string>{"a"});
  EXPECT_EQ(reader.event.resource_version, "42");
}

TEST(WatchEvent, ReadsTheVersionOfAnObjectThatDoesNotDecode) {
  Reader reader;
  reader.gives_version = false;
  reader.answer = Fail(Code::kInvalid, "no");
  for (const char* line :
       {R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"42"},"x":[{}]}})",
        R"({"object":{"metadata":{"name":"a","resourceVersion":"42"}},"type":"ADDED"})"}) {
    ASSERT_TRUE(reader.Read(line).ok()) << line;
    EXPECT_FALSE(reader.event.decoded.ok());
    EXPECT_EQ(reader.event.resource_version, "42");
  }
  EXPECT_EQ(reader.names.size(), 2u) << "the decoder is called once a line";
}

TEST(WatchEvent, ADecoderThatLeavesInTheMiddleDoesNotDisturbTheLine) {
  Reader reader;
  JsonParser parser;
  WatchEvent event;
  const Status read = ReadWatchEvent(
      parser, R"({"object":{"a":[1,{"b":2}],"c":{}},"type":"ADDED","more":[{"x":1}]})", event,
      [](Type, JsonValue object, std::string& version) {
        version = "9";
        return object.ForEachField([](std::string_view, JsonValue value) {
          return value.ForEachElement(
              [](JsonValue) -> Status { return Fail(Code::kInvalid, "enough"); });
        });
      });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(event.decoded.error().message, "enough");
  EXPECT_EQ(event.resource_version, "9");
}

TEST(WatchEvent, KnowsABookmarkAndTheEndOfTheInitialEvents) {
  Reader reader;
  const std::string start = R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7")";
  ASSERT_TRUE(reader.Read(start + "}}}").ok());
  EXPECT_EQ(reader.event.type, Type::kBookmark);
  EXPECT_EQ(reader.event.resource_version, "7");
  EXPECT_FALSE(reader.event.initial_events_end);
  const std::string mark = R"(,"annotations":{"a":"b","k8s.io/initial-events-end":)";
  ASSERT_TRUE(reader.Read(start + mark + R"("true"}}}})").ok());
  EXPECT_TRUE(reader.event.initial_events_end);
  for (const char* other : {R"("false")", "true", "null", "[]"}) {
    ASSERT_TRUE(reader.Read(start + mark + other + "}}}}").ok());
    EXPECT_FALSE(reader.event.initial_events_end) << other;
  }
  ASSERT_TRUE(reader.Read(start + R"(,"annotations":null}}})").ok());
  EXPECT_TRUE(reader.names.empty()) << "a bookmark is no object";
}

TEST(WatchEvent, AMarkOnAnOrdinaryObjectMeansNothing) {
  Reader reader;
  reader.gives_version = false;
  ASSERT_TRUE(reader
                  .Read(R"({"type":"ADDED","object":{"metadata":{"name":"a","annotations":)"
                        R"({"k8s.io/initial-events-end":"true"}}}})")
                  .ok());
  EXPECT_FALSE(reader.event.type == Type::kBookmark && reader.event.initial_events_end);
}

TEST(WatchEvent, TellsWhatAnErrorSays) {
  Reader reader;
  ASSERT_TRUE(reader
                  .Read(R"({"type":"ERROR","object":{"kind":"Status","metadata":{},)"
                        R"("message":"too old","reason":"Expired","code":410}})")
                  .ok());
  EXPECT_EQ(reader.event.type, Type::kError);
  EXPECT_EQ(reader.event.refusal.code, 410);
  EXPECT_EQ(reader.event.refusal.message, "too old");
  EXPECT_FALSE(reader.event.refusal.version_too_large);
  // As kube-apiserver 1.34 writes it.
  ASSERT_TRUE(
      reader
          .Read(R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},)"
                R"("status":"Failure","message":"Timeout: Too large","reason":"Timeout","details":)"
                R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource )"
                R"(version"}],"retryAfterSeconds":3},"code":504}})")
          .ok());
  EXPECT_EQ(reader.event.refusal.code, 504);
  EXPECT_TRUE(reader.event.refusal.version_too_large);
  EXPECT_EQ(reader.event.refusal.retry_after_seconds, 3);
  // Nothing stays from the line before.
  ASSERT_TRUE(reader.Read(R"({"type":"ADDED","object":{}})").ok());
  EXPECT_EQ(reader.event.refusal.code, 0);
  EXPECT_EQ(reader.event.refusal.message, "");
  EXPECT_FALSE(reader.event.refusal.version_too_large);
  EXPECT_EQ(reader.event.resource_version, "");
}

TEST(WatchEvent, NamesATypeThatItDoesNotKnow) {
  Reader reader;
  ASSERT_TRUE(
      reader.Read(R"({"type":"SOMETHING","object":{"metadata":{"resourceVersion":"3"}}})").ok());
  EXPECT_EQ(reader.event.type, Type::kUnknown);
  EXPECT_EQ(reader.event.type_name, "SOMETHING");
  EXPECT_EQ(reader.event.resource_version, "3");
  EXPECT_TRUE(reader.names.empty());
}

TEST(WatchEvent, RefusesLinesThatAreNoEvents) {
  Reader reader;
  for (const char* line : {"{}", "[]", "nonsense", R"({"type":"ADDED"})", R"({"object":{}})",
                           R"({"type":"ADDED","obj)", R"({"type":"ADDED","object":null})",
                           R"({"type":"ADDED","object":"x"})", R"({"type":1,"object":{}})",
                           R"({"type":"BOOKMARK","object":{"metadata":nul}})"}) {
    EXPECT_FALSE(reader.Read(line).ok()) << line;
  }
}

TEST(ApiRefusal, IsReadFromABodyAndEmptyWhenThatIsNoStatus) {
  JsonParser parser;
  const ApiRefusal refusal = ReadRefusal(
      parser, R"({"kind":"Status","message":"Too large resource version: 9, current: 3",)"
              R"("details":{"causes":"odd"},"code":504})");
  EXPECT_EQ(refusal.code, 504);
  EXPECT_TRUE(refusal.version_too_large);
  for (const char* body : {"", "<html>", "[]", R"({"code":"x","details":[]})", R"({"code":-1})",
                           R"({"code":99999999999})"}) {
    EXPECT_EQ(ReadRefusal(parser, body).code, 0) << body;
    EXPECT_FALSE(ReadRefusal(parser, body).version_too_large) << body;
  }
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

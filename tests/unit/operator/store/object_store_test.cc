// SPDX-License-Identifier: Apache-2.0
#include "operator/store/object_store.h"

#include <gtest/gtest.h>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"

namespace telltale {
namespace {

std::string PodJson(const std::string& name, const std::string& node = "a") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n"},"spec":{"nodeName":")" + node +
         R"("}})";
}

template <class T>
class SinkTest : public testing::Test {
 protected:
  explicit SinkTest(typename StoreSink<T>::Decode decode)
      : sink(store, decode, [this] { ++changes; }) {}

  Status Feed(const std::string& json, Status (StoreSink<T>::*method)(JsonValue)) {
    JsonParser parser;
    return parser.Parse(json, [&](JsonValue root) { return (sink.*method)(root); });
  }
  Status Change(const std::string& json) { return Feed(json, &StoreSink<T>::Changed); }
  Status Delete(const std::string& json) { return Feed(json, &StoreSink<T>::Deleted); }
  Status Item(const std::string& json) { return Feed(json, &StoreSink<T>::ListItem); }

  ObjectStore<T> store;
  int changes = 0;
  StoreSink<T> sink;
};

class PodSink : public SinkTest<Pod> {
 protected:
  PodSink() : SinkTest(DecodePod) {}
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& pod : store.List()) names.push_back(pod->meta.name);
    return names;
  }
};

class TargetSink : public SinkTest<MonitoringTarget> {
 protected:
  TargetSink() : SinkTest(DecodeMonitoringTarget) {}
};

TEST_F(PodSink, AnUnfinishedListIsSeenByNobody) {
  ASSERT_TRUE(Change(PodJson("old")).ok());
  sink.ListBegin();
  ASSERT_TRUE(Item(PodJson("b")).ok());
  ASSERT_TRUE(Item(PodJson("a")).ok());
  EXPECT_EQ(Names(), (std::vector<std::string>{"old"}));
  EXPECT_EQ(changes, 1);
  sink.ListEnd();
  EXPECT_EQ(Names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(changes, 2);
}

TEST_F(PodSink, AnAbortedListChangesNothing) {
  ASSERT_TRUE(Change(PodJson("old")).ok());
  sink.ListBegin();
  ASSERT_TRUE(Item(PodJson("b")).ok());
  sink.ListAbort();
  EXPECT_EQ(Names(), (std::vector<std::string>{"old"}));
  sink.ListBegin();
  sink.ListEnd();
  EXPECT_TRUE(Names().empty());
}

TEST_F(PodSink, EventsAddReplaceAndRemove) {
  ASSERT_TRUE(Change(PodJson("p", "a")).ok());
  const auto before = store.Get("n/p");
  ASSERT_TRUE(Change(PodJson("p", "b")).ok());
  EXPECT_EQ(before->node, "a");
  EXPECT_EQ(store.Get("n/p")->node, "b");
  EXPECT_EQ(store.size(), 1u);
  ASSERT_TRUE(Delete(PodJson("p")).ok());
  EXPECT_EQ(store.Get("n/p"), nullptr);
  EXPECT_EQ(changes, 3);
}

TEST_F(PodSink, WhatCannotBeReadAnyMoreIsNotKeptAsItOnceWas) {
  ASSERT_TRUE(Change(PodJson("p")).ok());
  EXPECT_FALSE(Change(R"({"metadata":{"name":"p","namespace":"n"},"spec":7})").ok());
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(changes, 2);
}

TEST_F(PodSink, ADeletionNeedsOnlyTheName) {
  ASSERT_TRUE(Change(PodJson("p")).ok());
  EXPECT_TRUE(Delete(R"({"metadata":{"name":"p","namespace":"n"},"spec":7})").ok());
  EXPECT_EQ(store.size(), 0u);
  EXPECT_FALSE(Delete(R"({"spec":7})").ok());
}

TEST_F(PodSink, OneBadItemDoesNotSpoilTheList) {
  sink.ListBegin();
  EXPECT_FALSE(Item(R"({"metadata":{"name":"bad","namespace":"n"},"spec":7})").ok());
  EXPECT_TRUE(Item(PodJson("good")).ok());
  sink.ListEnd();
  EXPECT_EQ(Names(), (std::vector<std::string>{"good"}));
}

TEST_F(TargetSink, ATargetThatIsInvalidStandsThereSayingSo) {
  const std::string json =
      R"({"metadata":{"name":"t","namespace":"n"},"spec":{"selector":{"matchLabels":{"a":1}}}})";
  EXPECT_FALSE(Change(json).ok());
  ASSERT_NE(store.Get("n/t"), nullptr);
  EXPECT_EQ(store.Get("n/t")->invalid.size(), 1u);
  sink.ListBegin();
  EXPECT_FALSE(Item(json).ok());
  sink.ListEnd();
  EXPECT_EQ(store.size(), 1u);
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/events/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/cut_text.h"

namespace telltale {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;

Event Example() {
  return {.regarding = {"telltale.dev/v1alpha1", "MonitoringTarget", "shop", "web", "uid-1"},
          .type = EventType::kWarning,
          .reason = "PortNotFound",
          .action = "Discover",
          .note = "no container of shop/web-1 has a port \"http\"",
          .controller = "telltale.dev/operator",
          .instance = "operator-0_1",
          .name = "web.1",
          .first_nanos = 1'795'222'923'000'004'000,
          .last_nanos = 1'795'222'999'000'000'000};
}

TEST(EventTest, IsWhatEventsK8sIoTakes) {
  EXPECT_EQ(EventJson(Example()),
            R"({"apiVersion":"events.k8s.io/v1","kind":"Event",)"
            R"("metadata":{"name":"web.1","namespace":"shop"},)"
            R"("eventTime":"2026-11-21T01:02:03.000004Z","type":"Warning",)"
            R"("reason":"PortNotFound","action":"Discover",)"
            R"("note":"no container of shop/web-1 has a port \"http\"",)"
            R"("reportingController":"telltale.dev/operator","reportingInstance":"operator-0_1",)"
            R"("regarding":{"apiVersion":"telltale.dev/v1alpha1","kind":"MonitoringTarget",)"
            R"("namespace":"shop","name":"web","uid":"uid-1"}})");
}

TEST(EventTest, ASeriesHasItsCountAndItsLastTime) {
  Event event = Example();
  event.count = 3;
  const std::string series =
      R"("series":{"count":3,"lastObservedTime":"2026-11-21T01:03:19.000000Z"}})";
  EXPECT_THAT(EventJson(event), EndsWith(series));
  EXPECT_EQ(SeriesPatchJson(event), "{" + series);
}

TEST(EventTest, TheNoteAndTheTimesMakeNoOtherEvent) {
  Event other = Example();
  other.note = "something else";
  other.first_nanos = other.last_nanos = 5;
  other.count = 9;
  EXPECT_EQ(EventKey(other), EventKey(Example()));
}

TEST(EventTest, EverythingElseDoes) {
  const auto differs = [](auto change) {
    Event other = Example();
    change(other);
    return EventKey(other) != EventKey(Example());
  };
  EXPECT_TRUE(differs([](Event& e) { e.type = EventType::kNormal; }));
  EXPECT_TRUE(differs([](Event& e) { e.reason = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.action = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.controller = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.instance = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.regarding.kind = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.regarding.ns = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.regarding.name = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { e.regarding.uid = "x"; }));
  EXPECT_TRUE(differs([](Event& e) { std::swap(e.reason, e.action); }));
  EXPECT_TRUE(differs([](Event& e) {
    e.regarding.ns = "sho";
    e.regarding.name = "pweb";
  }));
}

TEST(EventTest, ItsNameIsTheSameEachTimeAndFitsAName) {
  Event event = Example();
  EXPECT_EQ(EventName(event), EventName(event));
  EXPECT_THAT(EventName(event), MatchesRegex("web\\.[0-9a-f]{16}"));
  Event later = event;
  ++later.first_nanos;
  EXPECT_NE(EventName(later), EventName(event));
  event.regarding.name = std::string(235, 'a') + "." + std::string(17, 'b');
  EXPECT_THAT(EventName(event), MatchesRegex("a{235}\\.[0-9a-f]{16}"));
  EXPECT_LE(EventName(event).size(), 253u);
}

TEST(EventTest, WhatHasNoNamespaceIsToldInTheDefaultOne) {
  Event event = Example();
  EXPECT_EQ(EventNamespace(event), "shop");
  event.regarding.ns.clear();
  EXPECT_EQ(EventNamespace(event), "default");
}

TEST(EventTest, TextIsCutBetweenCharacters) {
  EXPECT_EQ(CutText("short", 5), "short");
  EXPECT_EQ(CutText("longer", 5), "lo...");
  // "é" is two bytes, "€" three, and an emoji four.
  EXPECT_EQ(CutText("é€😀é€😀", 10), "é€...");
  EXPECT_EQ(CutText("a😀😀", 8), "a😀...");
  for (std::size_t limit = 3; limit < 40; ++limit) {
    const std::string cut = CutText("é€😀é€😀é€😀é€😀é€😀", limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_EQ(CutText(cut, 100), cut) << "valid UTF-8 at " << limit;
  }
}

TEST(EventTest, BrokenTextIsMendedBeforeItIsCut) {
  EXPECT_EQ(CutText("a\xff"
                    "b",
                    100),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_LE(CutText(std::string(1'024, '\xff'), kMaxEventNote).size(), kMaxEventNote);
}

}  // namespace
}  // namespace telltale

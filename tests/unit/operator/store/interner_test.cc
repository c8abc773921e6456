// SPDX-License-Identifier: Apache-2.0
#include "operator/store/interner.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace telltale {
namespace {

LabelSetRef SetOf(Interner& interner, int rollout) {
  const std::string hash = std::to_string(rollout);
  return interner.Set({{"app", "shop"}, {"pod-template-hash", hash}});
}

TEST(Interner, EqualLabelsAreOneSet) {
  Interner interner;
  const LabelSetRef first = SetOf(interner, 1);
  EXPECT_EQ(SetOf(interner, 1).get(), first.get());
  EXPECT_NE(SetOf(interner, 2).get(), first.get());
}

TEST(Interner, WhatNobodyHasAnyMoreStaysASmallPartHoweverManyComeAndGo) {
  constexpr std::size_t kLive = 4'000;
  Interner interner;
  std::deque<LabelSetRef> live;
  for (int i = 0; i < 40'000; ++i) {
    live.push_back(SetOf(interner, i));
    if (live.size() > kLive) live.pop_front();
    ASSERT_LE(interner.sets(), live.size() * 9 / 8 + 300) << i;
  }
  EXPECT_GE(interner.sets(), kLive);
}

TEST(Interner, AfterAFloodItIsSmallAgain) {
  Interner interner;
  {
    std::deque<LabelSetRef> flood;
    for (int i = 0; i < 20'000; ++i) flood.push_back(SetOf(interner, i));
  }
  for (int i = 20'000; i < 40'000; ++i) SetOf(interner, i);
  EXPECT_LE(interner.sets(), 600u);
  EXPECT_LE(interner.texts(), 1'200u);
}

}  // namespace
}  // namespace telltale

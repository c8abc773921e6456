// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/in_flight.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

InFlight::Batch Of(std::uint64_t file_id, std::size_t streams = 1, std::size_t bytes = 100) {
  InFlight::Batch batch;
  batch.file_id = file_id;
  batch.streams = streams;
  batch.bytes = bytes;
  return batch;
}

PushResult Answer(std::uint64_t sequence) { return {sequence, {1, 1}, {}, false}; }
PushResult Held(std::uint64_t sequence) { return {sequence, {}, {}, true}; }

TEST(InFlight, TwoBatchesMoveAndThoseThatWaitAloneDoNotCount) {
  InFlight underway;
  underway.Add(1, Of(1));
  EXPECT_FALSE(underway.Full());
  underway.Add(2, Of(2));
  EXPECT_TRUE(underway.Full());
  EXPECT_TRUE(underway.Answer(Held(1)).empty());
  EXPECT_FALSE(underway.Full());
  EXPECT_EQ(underway.Answer(Answer(1)).size(), 1u);
  EXPECT_EQ(underway.Answer(Answer(2)).size(), 1u);
  EXPECT_TRUE(underway.empty());
}

TEST(InFlight, WhatWaitsIsBoundedInNumberAndInMemory) {
  InFlight many, large;
  for (std::uint64_t i = 0; i < InFlight::kMaxHeld; ++i) {
    EXPECT_FALSE(many.Full());
    many.Add(i, Of(i));
    many.Answer(Held(i));
  }
  EXPECT_TRUE(many.Full());
  large.Add(1, Of(1, 1, InFlight::kMaxHeldBytes));
  large.Answer(Held(1));
  EXPECT_TRUE(large.Full());
}

TEST(InFlight, AFileWithOneStreamIsNotReadOnWhileThatWaits) {
  InFlight underway;
  underway.Add(1, Of(1));
  EXPECT_FALSE(underway.Waits(1));
  underway.Answer(Held(1));
  EXPECT_TRUE(underway.Waits(1));
  EXPECT_FALSE(underway.Waits(2));
}

TEST(InFlight, AFileWithManyStreamsIsReadOnALittle) {
  InFlight underway;
  underway.Add(1, Of(1, 3));
  underway.Answer(Held(1));
  for (std::uint64_t i = 2; i <= InFlight::kMaxOfFile; ++i) {
    EXPECT_FALSE(underway.Waits(1));
    underway.Add(i, Of(1, 3));
    EXPECT_TRUE(underway.Answer(Answer(i)).empty());
    EXPECT_FALSE(underway.Full());
  }
  EXPECT_TRUE(underway.Waits(1));
}

TEST(InFlight, AnswersOfAFileCountInTheOrderOfTheFile) {
  InFlight underway;
  underway.Add(1, Of(1, 2));
  underway.Add(2, Of(1, 2));
  underway.Add(3, Of(9));
  EXPECT_TRUE(underway.Answer(Answer(2)).empty());
  EXPECT_EQ(underway.Answer(Answer(3)).size(), 1u);
  auto settled = underway.Answer(Answer(1));
  ASSERT_EQ(settled.size(), 2u);
  EXPECT_EQ(settled[0].answer->sequence, 1u);
  EXPECT_EQ(settled[1].answer->sequence, 2u);
  EXPECT_TRUE(underway.Answer(Answer(7)).empty());  // not one of ours
}

}  // namespace
}  // namespace telltale

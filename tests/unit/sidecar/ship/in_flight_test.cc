// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/in_flight.h"

#include <gtest/gtest.h>

#include <string>

namespace telltale {
namespace {

InFlight::Batch Of(std::uint64_t file_id, std::size_t streams = 1, std::size_t bytes = 100,
                   std::string tenant = "") {
  InFlight::Batch batch;
  batch.file_id = file_id;
  batch.streams = streams;
  batch.bytes = bytes;
  batch.tenant = std::move(tenant);
  return batch;
}

PushResult Answer(std::uint64_t sequence) {
  PushResult result;
  result.sequence = sequence;
  result.acked = {1, 1};
  return result;
}
PushResult Held(std::uint64_t sequence) {
  PushResult result;
  result.kind = PushResult::Kind::kHeld;
  result.sequence = sequence;
  return result;
}

TEST(InFlight, ManySmallBatchesMoveAndTwoLargeOnesAlways) {
  InFlight small, large;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    EXPECT_FALSE(small.Full());
    small.Add(i, Of(i));
  }
  large.Add(1, Of(1, 1, InFlight::kMaxBytes));
  EXPECT_FALSE(large.Full());
  large.Add(2, Of(2));
  EXPECT_TRUE(large.Full());
  EXPECT_EQ(large.Answer(Answer(1)).size(), 1u);
  EXPECT_FALSE(large.Full());
  EXPECT_EQ(large.Answer(Answer(2)).size(), 1u);
  EXPECT_TRUE(large.empty());
}

TEST(InFlight, BatchesThatAreHeldTakeNoRoom) {
  InFlight in_flight;
  in_flight.Add(1, Of(1, 1, InFlight::kMaxBytes));
  in_flight.Add(2, Of(2, 1, InFlight::kMaxBytes));
  EXPECT_TRUE(in_flight.Full());
  EXPECT_TRUE(in_flight.Answer(Held(1)).empty());
  EXPECT_TRUE(in_flight.Answer(Held(1)).empty());  // told again, of another stream
  EXPECT_FALSE(in_flight.Full());
  in_flight.Add(3, Of(3, 1, InFlight::kMaxBytes));
  EXPECT_TRUE(in_flight.Full());
  EXPECT_EQ(in_flight.Answer(Answer(1)).size(), 1u);
  EXPECT_TRUE(in_flight.Full());
}

TEST(InFlight, ATenantHasHalfOfTheRoom) {
  InFlight in_flight;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    EXPECT_FALSE(in_flight.IsFull("a"));
    in_flight.Add(i, Of(i, 1, InFlight::kMaxBytes / 4, "a"));
  }
  EXPECT_TRUE(in_flight.IsFull("a"));
  EXPECT_FALSE(in_flight.IsFull("b"));
  EXPECT_FALSE(in_flight.Full());
  in_flight.Answer(Held(1));
  EXPECT_FALSE(in_flight.IsFull("a"));
}

// Whose pushes fail with 500 and are not held for itself, because nothing succeeded yet.
TEST(InFlight, NoTenantTakesTheRoomOfAnotherHoweverLargeItsBatchesAre) {
  InFlight in_flight;
  in_flight.SetTenants(2);
  in_flight.Add(1, Of(1, 1, 100, "a"));
  in_flight.Add(2, Of(2, 1, InFlight::kMaxBytes, "a"));
  EXPECT_TRUE(in_flight.IsFull("a"));
  EXPECT_FALSE(in_flight.Full());
  in_flight.Add(3, Of(3, 1, InFlight::kMaxBytes, "b"));
  EXPECT_TRUE(in_flight.IsFull("b"));
  EXPECT_TRUE(in_flight.Full());
  in_flight.Answer(Answer(3));
  EXPECT_FALSE(in_flight.Full());
}

TEST(InFlight, OfManyTenantsNoMoreThanFourHaveTheirRoom) {
  InFlight in_flight;
  in_flight.SetTenants(100);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    EXPECT_FALSE(in_flight.Full());
    in_flight.Add(i, Of(i, 1, InFlight::kMaxBytes, "tenant" + std::to_string(i)));
  }
  EXPECT_TRUE(in_flight.Full());
}

TEST(InFlight, AFileWithOneStreamIsNotReadOnWhileThatWaits) {
  InFlight in_flight;
  in_flight.Add(1, Of(1));
  EXPECT_FALSE(in_flight.Waits(1));
  in_flight.Answer(Held(1));
  EXPECT_TRUE(in_flight.Waits(1));
  EXPECT_FALSE(in_flight.Waits(2));
}

TEST(InFlight, AFileWithManyStreamsIsReadOnFarBeyondTheOneThatWaits) {
  InFlight in_flight;
  in_flight.Add(1, Of(1, 3));
  in_flight.Answer(Held(1));
  for (std::uint64_t i = 2; i <= InFlight::kMaxOfFile; ++i) {
    EXPECT_FALSE(in_flight.Waits(1));
    in_flight.Add(i, Of(1, 3));
    EXPECT_TRUE(in_flight.Answer(Answer(i)).empty());
    EXPECT_FALSE(in_flight.Full());
  }
  EXPECT_TRUE(in_flight.Waits(1));
}

TEST(InFlight, AnswersOfAFileCountInTheOrderOfTheFile) {
  InFlight in_flight;
  in_flight.Add(1, Of(1, 2));
  in_flight.Add(2, Of(1, 2));
  in_flight.Add(3, Of(9));
  EXPECT_TRUE(in_flight.Answer(Answer(2)).empty());
  EXPECT_EQ(in_flight.Answer(Answer(3)).size(), 1u);
  auto settled = in_flight.Answer(Answer(1));
  ASSERT_EQ(settled.size(), 2u);
  EXPECT_EQ(settled[0].answer->sequence, 1u);
  EXPECT_EQ(settled[1].answer->sequence, 2u);
  EXPECT_FALSE(in_flight.HasOf(1));
  EXPECT_TRUE(in_flight.Answer(Answer(7)).empty());  // not one of ours
}

}  // namespace
}  // namespace telltale

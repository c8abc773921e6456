// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/connection_book.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace telltale {
namespace {

using std::chrono::milliseconds;
using State = Connection::State;

class FakeConnection final : public Connection {
 public:
  explicit FakeConnection(std::string peer) { peer_ = std::move(peer); }
  void Drain() override {}
  void Abort() override {}
  bool HasUnread() override { return unread; }
  void Become(State state, SteadyTime now) { Enter(state, now); }
  bool unread = false;
};

class ConnectionBookTest : public testing::Test {
 protected:
  FakeConnection& Add(const std::string& peer, State state, milliseconds age) {
    all_.push_back(std::make_unique<FakeConnection>(peer));
    all_.back()->Become(state, now_ - age);
    book_.Add(all_.back().get());
    return *all_.back();
  }

  const SteadyTime now_{std::chrono::hours(1)};
  std::vector<std::unique_ptr<FakeConnection>> all_;
  ConnectionBook book_{{.max_open = 2, .max_input = 1000, .max_output = 1000}};
};

TEST_F(ConnectionBookTest, TheAnswerThatIsWrittenLongestGivesWayWhenAllAreTooMuch) {
  auto& older = Add("a", State::kAnswer, milliseconds(20));
  auto& newer = Add("b", State::kAnswer, milliseconds(10));
  book_.SetOutput(&older, 600);
  book_.SetOutput(&newer, 400);
  EXPECT_EQ(book_.OverOutput(&newer), nullptr);
  auto& large = Add("c", State::kAnswer, milliseconds(0));
  book_.SetOutput(&large, 5'000);
  EXPECT_EQ(book_.OverOutput(&large), &older);
  EXPECT_EQ(book_.OverOutput(&large), &newer);
  EXPECT_EQ(book_.OverOutput(&large), nullptr) << "one answer alone may be larger";
  book_.SetOutput(&large, 0);
  auto& last = Add("d", State::kAnswer, milliseconds(0));
  book_.SetOutput(&last, 1'000);
  EXPECT_EQ(book_.OverOutput(&last), nullptr);
}

TEST_F(ConnectionBookTest, RestingGoesFirstThenUnfinishedHeadersThenWhatIsSlow) {
  auto& answer = Add("a", State::kAnswer, milliseconds(9'000));
  auto& body = Add("a", State::kBody, milliseconds(8'000));
  auto& header = Add("a", State::kHeader, milliseconds(7'000));
  auto& young = Add("a", State::kResting, milliseconds(1));
  auto& old = Add("a", State::kResting, milliseconds(2));
  for (Connection* expected : {&old, &young, &header, &body, &answer}) {
    EXPECT_EQ(book_.Evict(now_, "a"), expected);
  }
  EXPECT_EQ(book_.Evict(now_, "a"), nullptr);
}

TEST_F(ConnectionBookTest, NothingThatMovesIsCut) {
  Add("a", State::kHeader, milliseconds(249));
  Add("a", State::kBody, milliseconds(999));
  Add("a", State::kAnswer, milliseconds(999));
  Add("a", State::kResting, milliseconds(9'000)).unread = true;  // its next request has come
  EXPECT_EQ(book_.Evict(now_, "a"), nullptr);
  EXPECT_NE(book_.Evict(now_ + milliseconds(1), "a"), nullptr);
}

TEST_F(ConnectionBookTest, TheAddressWithTheMostLosesFirst) {
  auto& single = Add("few", State::kResting, milliseconds(90'000));
  Add("many", State::kBody, milliseconds(2'000));
  auto& header = Add("many", State::kHeader, milliseconds(300));
  EXPECT_TRUE(book_.full());
  EXPECT_EQ(book_.Evict(now_, "new"), &header);
  EXPECT_NE(book_.Evict(now_, "many"), nullptr);
  EXPECT_EQ(book_.Evict(now_, "many"), nullptr);  // it has more than the one that is left
  EXPECT_EQ(book_.Evict(now_, "new"), &single);
}

TEST_F(ConnectionBookTest, AConnectionThatLeavesKeepsItsPlaceUntilItIsGone) {
  Add("a", State::kBody, milliseconds(0));
  auto& resting = Add("a", State::kResting, milliseconds(1));
  ASSERT_EQ(book_.Evict(now_, "a"), &resting);
  EXPECT_TRUE(book_.full());
  EXPECT_EQ(book_.leaving(), 1u);
  book_.Remove(&resting);
  EXPECT_FALSE(book_.full());
  EXPECT_EQ(book_.leaving(), 0u);
}

TEST_F(ConnectionBookTest, InputBeyondTheLimitCostsTheOneThatIsArrivingLongest) {
  auto& first = Add("a", State::kBody, milliseconds(20));
  auto& second = Add("b", State::kHeader, milliseconds(10));
  auto& idle = Add("c", State::kResting, milliseconds(90));
  book_.SetInput(&first, 600);
  book_.SetInput(&second, 400);
  EXPECT_EQ(book_.OverInput(&second), nullptr);  // exactly the limit
  book_.SetInput(&second, 401);
  EXPECT_EQ(book_.OverInput(&second), &first);
  EXPECT_EQ(book_.OverInput(&second), nullptr);
  book_.SetInput(&first, 5'000);  // it is gone and counts no more
  book_.Remove(&first);
  EXPECT_EQ(book_.OverInput(&second), nullptr);
  book_.SetInput(&second, 5'000);  // one alone may be larger
  EXPECT_EQ(book_.OverInput(&second), nullptr);
  EXPECT_TRUE(book_.open().contains(&idle));
}

}  // namespace
}  // namespace telltale

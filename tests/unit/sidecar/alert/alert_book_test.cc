// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_book.h"

#include <gmock/gmock.h>

#include <limits>

namespace telltale {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'795'222'923 * kSecond;  // 2026-11-21T01:02:03Z

RaisedAlert Panic(const std::string& app, std::int64_t time = kNow) {
  return {{{"alertname", "Panic"}, {"app", app}}, {{"line", "x"}}, 60'000, time};
}

TEST(AlertBook, AnAlertStartsAtItsLinesTimeAndEndsItsQuietTimeAfterItWasRead) {
  AlertBook book;
  ASSERT_TRUE(book.Raise(Panic("shop", kNow - 100 * kSecond), kNow));
  const auto due = book.Due(kNow, 10);
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_THAT(due[0].json, HasSubstr(R"("startsAt":"2026-11-21T01:00:23.000Z")"));
  EXPECT_THAT(due[0].json, HasSubstr(R"("endsAt":"2026-11-21T01:03:03.000Z")"));
  EXPECT_THAT(due[0].json, HasSubstr(R"("labels":{"alertname":"Panic","app":"shop"})"));
}

TEST(AlertBook, ATimeInTheFutureIsNotBelieved) {
  AlertBook book;
  book.Raise(Panic("shop", kNow + 3'600 * kSecond), kNow);
  EXPECT_THAT(book.Due(kNow, 10)[0].json, HasSubstr(R"("startsAt":"2026-11-21T01:02:03.000Z")"));
}

TEST(AlertBook, FurtherLinesMoveTheEndWhichIsSentEveryHalfMinute) {
  AlertBook book;
  book.Raise(Panic("shop"), kNow);
  book.Sent(book.Due(kNow, 10)[0], kNow);
  EXPECT_THAT(book.Due(kNow, 10), IsEmpty());
  book.Raise(Panic("shop"), kNow + kSecond);
  EXPECT_THAT(book.Due(kNow + 29 * kSecond, 10), IsEmpty());
  EXPECT_EQ(book.NextDue(), kNow + 30 * kSecond);
  EXPECT_THAT(book.Due(kNow + 30 * kSecond, 10), SizeIs(1));
}

TEST(AlertBook, AnAlertThatHasEndedIsSentOnceMoreAndForgotten) {
  AlertBook book;
  book.Raise(Panic("shop"), kNow);
  book.Sent(book.Due(kNow, 10)[0], kNow);
  const std::int64_t end = kNow + 60 * kSecond;
  const auto due = book.Due(end, 10);
  ASSERT_THAT(due, SizeIs(1));
  book.Sent(due[0], end);
  EXPECT_EQ(book.size(), 0u);
  EXPECT_EQ(book.NextDue(), std::numeric_limits<std::int64_t>::max());
}

TEST(AlertBook, ALineThatComesWhileTheEndIsSentKeepsTheAlert) {
  AlertBook book;
  book.Raise(Panic("shop"), kNow);
  const std::int64_t end = kNow + 60 * kSecond;
  const auto due = book.Due(end, 10);
  book.Raise(Panic("shop"), end);
  book.Sent(due[0], end);
  EXPECT_EQ(book.size(), 1u);
}

TEST(AlertBook, ARefusedAlertIsNotSentAgainUntilItHasEnded) {
  AlertBook book;
  book.Raise(Panic("bad"), kNow);
  book.Refused(book.Due(kNow, 10)[0]);
  book.Raise(Panic("bad"), kNow + kSecond);
  EXPECT_THAT(book.Due(kNow + 40 * kSecond, 10), IsEmpty());
  EXPECT_EQ(book.unsent(), 0u);
  book.Expire(kNow + 61 * kSecond);
  EXPECT_EQ(book.size(), 0u);
  book.Raise(Panic("bad"), kNow + 62 * kSecond);
  EXPECT_THAT(book.Due(kNow + 62 * kSecond, 10), SizeIs(1));
}

TEST(AlertBook, ItHoldsALimitedNumberAndNewAlertsAreDueBeforeOldOnes) {
  AlertBook book;
  for (std::size_t i = 0; i < AlertBook::kMaxActive - 1; ++i) {
    ASSERT_TRUE(book.Raise(Panic("a" + std::to_string(i)), kNow));
  }
  for (const auto& alert : book.Due(kNow, 1'000)) book.Sent(alert, kNow);
  ASSERT_TRUE(book.Raise(Panic("z"), kNow + 60 * kSecond));
  EXPECT_FALSE(book.Raise(Panic("zz"), kNow + 60 * kSecond));
  EXPECT_TRUE(book.Raise(Panic("a1"), kNow + 60 * kSecond));
  const auto due = book.Due(kNow + 60 * kSecond, 5);
  ASSERT_THAT(due, SizeIs(5));
  EXPECT_THAT(due[0].json, HasSubstr("\"z\""));
}

}  // namespace
}  // namespace telltale

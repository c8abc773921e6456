// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/owner_accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sidecar/ship/accounting.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using testing::HasSubstr;
using testing::Not;

LogSource SourceOf(std::vector<LogOwner> owners) {
  LogSource source;
  source.owners = std::move(owners);
  return source;
}

LogOwner Pod(const std::string& name, const std::string& target = "shop/out") {
  return {target, "shop", name, "uid-" + name};
}

class OwnersTest : public testing::Test {
 protected:
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  // The value of a series of the pod; -1 if there is none.
  double Of(const std::string& pod, const std::string& what, const std::string& reason = "") {
    const std::string labels =
        "{log_namespace=\"shop\",log_pod=\"" + pod + "\",log_pod_uid=\"uid-" + pod + "\"," +
        (reason.empty() ? "" : "reason=\"" + reason + "\",") + "target=\"shop/out\"} ";
    const std::string page = Page(), series = "\ntelltale_logs_target_" + what + labels;
    const auto at = page.find(series);
    return at == page.npos ? -1 : std::strtod(page.c_str() + at + series.size(), nullptr);
  }

  Registry registry_;
  FakeClock clock_;
  std::shared_ptr<Accounting> accounting_ = Accounting::Make(registry_, clock_);
};

TEST_F(OwnersTest, EachPodHasWhatBecameOfItsOwnLines) {
  const auto owners = accounting_->Assign({SourceOf({Pod("a")}), SourceOf({Pod("b")})});
  accounting_->Read({10, 1000}, 100, {{"small", {2, 20}}}, owners[0]);
  accounting_->Read({7, 70}, 0, {}, owners[1]);
  accounting_->LostUnread("truncated", {0, 50}, owners[0]);
  accounting_->Answered({4, 400}, {{"too_old", {1, 90}}}, owners[0]);
  EXPECT_EQ(Of("a", "read_lines_total"), 10);
  EXPECT_EQ(Of("a", "read_bytes_total"), 1050);
  EXPECT_EQ(Of("a", "acked_lines_total"), 4);
  EXPECT_EQ(Of("a", "acked_bytes_total"), 400);
  EXPECT_EQ(Of("a", "dropped_lines_total"), 2);
  EXPECT_EQ(Of("a", "dropped_bytes_total"), 20);
  EXPECT_EQ(Of("a", "pending_lines"), 3);
  EXPECT_EQ(Of("a", "pending_bytes"), 390);
  EXPECT_EQ(Of("a", "lost_lines_total", "too_old"), 1);
  EXPECT_EQ(Of("a", "lost_bytes_total", "line_too_long"), 100);
  EXPECT_EQ(Of("a", "lost_bytes_total", "truncated"), 50);
  EXPECT_EQ(Of("b", "read_lines_total"), 7);
  EXPECT_EQ(Of("b", "pending_lines"), 7);
  EXPECT_EQ(Of("b", "lost_lines_total", "too_old"), -1);
}

TEST_F(OwnersTest, ASourceOfTwoTargetsCountsForBoth) {
  const auto owners = accounting_->Assign({SourceOf({{"n/a"}, {"n/b"}}), SourceOf({{"n/b"}})});
  accounting_->Read({3, 30}, 0, {}, owners[0]);
  accounting_->Read({4, 40}, 0, {}, owners[1]);
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_target_read_lines_total{target=\"n/a\"} 3\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_target_read_lines_total{target=\"n/b\"} 7\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_read_lines_total 7\n"));
}

TEST_F(OwnersTest, TheGaugesOfAPodAreThoseOfTheLastTally) {
  const auto owners = accounting_->Assign({SourceOf({Pod("a")}), SourceOf({Pod("b")})});
  OwnerGauges gauges;
  gauges.unread_bytes = 12;
  gauges.oldest = clock_.WallNanos();
  gauges.files.current = 2;
  gauges.files.unread[UnreadReason::kPermission] = 3;
  clock_.Advance(std::chrono::seconds(5));
  accounting_->UpdateOwners({{owners[0][0], gauges}});
  EXPECT_EQ(Of("a", "unread_bytes"), 12);
  EXPECT_EQ(Of("a", "oldest_unacked_age_seconds"), 5);
  EXPECT_EQ(Of("a", "files_unread", "permission"), 3);
  EXPECT_EQ(Of("a", "files_unread", "limit"), -1);
  EXPECT_THAT(Page(),
              HasSubstr("telltale_logs_target_files{log_namespace=\"shop\",log_pod=\"a\","
                        "log_pod_uid=\"uid-a\",state=\"current\",target=\"shop/out\"} 2\n"));
  EXPECT_EQ(Of("b", "unread_bytes"), 0);
  accounting_->UpdateOwners({});
  EXPECT_EQ(Of("a", "unread_bytes"), 0);
  EXPECT_EQ(Of("a", "oldest_unacked_age_seconds"), 0);
  EXPECT_EQ(Of("a", "files_unread", "permission"), -1);
}

TEST_F(OwnersTest, APodThatGoesTakesItsSeriesWithItAsSoonAsNothingOfItIsInFlight) {
  auto owners = accounting_->Assign({SourceOf({Pod("a")}), SourceOf({Pod("b")})});
  accounting_->Read({5, 50}, 0, {}, owners[0]);
  accounting_->Read({6, 60}, 0, {}, owners[1]);
  accounting_->LostUnread("truncated", {1, 2}, owners[0]);
  accounting_->Assign({SourceOf({Pod("b")})});
  EXPECT_EQ(Of("a", "pending_lines"), 5);
  accounting_->Answered({5, 50}, {}, owners[0]);
  EXPECT_EQ(Of("a", "acked_lines_total"), 5);
  accounting_->UpdateOwners({});
  EXPECT_THAT(Page(), Not(HasSubstr("uid-a")));
  EXPECT_EQ(Of("b", "pending_lines"), 6);
}

TEST_F(OwnersTest, AnAccountThatIsWantedAgainGoesOn) {
  const auto before = accounting_->Assign({SourceOf({Pod("a")})});
  accounting_->Read({5, 50}, 0, {}, before[0]);
  accounting_->Assign({});
  const auto again = accounting_->Assign({SourceOf({Pod("a")})});
  accounting_->Read({1, 10}, 0, {}, again[0]);
  accounting_->Answered({5, 50}, {}, before[0]);
  accounting_->UpdateOwners({});
  EXPECT_EQ(Of("a", "read_lines_total"), 6);
  EXPECT_EQ(Of("a", "acked_lines_total"), 5);
  EXPECT_EQ(Of("a", "pending_lines"), 1);
}

class CrowdTest : public OwnersTest {
 protected:
  static std::vector<LogSource> Pods(std::size_t from, std::size_t to) {
    std::vector<LogSource> sources;
    for (std::size_t i = from; i < to; ++i) sources.push_back(SourceOf({Pod(std::to_string(i))}));
    return sources;
  }
  static constexpr const char* kOthers =
      "telltale_logs_target_read_lines_total{target=\"(others)\"} ";
};

TEST_F(CrowdTest, PodsBeyondTheLimitShareOneAccountAndTheirNumberIsSaid) {
  const auto owners = accounting_->Assign(Pods(0, OwnerBook::kMax + 2));
  for (const OwnerAccounts& one : owners) accounting_->Read({2, 20}, 0, {}, one);
  EXPECT_EQ(Of("0", "read_lines_total"), 2);
  EXPECT_EQ(Of(std::to_string(OwnerBook::kMax), "read_lines_total"), -1);
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr(std::string(kOthers) + "4\n"));
  EXPECT_THAT(page, HasSubstr("telltale_logs_target_owners_sharing 2\n"));
}

TEST_F(CrowdTest, TheFirstPodsKeepTheirAccountsAndOnesThatGoMakeRoom) {
  auto owners = accounting_->Assign(Pods(0, OwnerBook::kMax));
  accounting_->Read({1, 10}, 0, {}, owners[0]);  // in flight when it goes
  const std::string last = std::to_string(OwnerBook::kMax);
  accounting_->Assign(Pods(1, OwnerBook::kMax + 1));
  EXPECT_EQ(Of(last, "read_lines_total"), 0);
  EXPECT_EQ(Of("1", "read_lines_total"), 0);
  EXPECT_EQ(Of("0", "read_lines_total"), -1);
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_target_owners_sharing 0\n"));
  accounting_->Answered({1, 10}, {}, owners[0]);  // counted where it was read: no longer shown
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_acked_lines_total 1\n"));
  EXPECT_EQ(Of("1", "acked_lines_total"), 0);
}

}  // namespace
}  // namespace telltale

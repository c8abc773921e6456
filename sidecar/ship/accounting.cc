// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/accounting.h"

#include <algorithm>

namespace telltale {
namespace {

constexpr std::string_view kKnownReasons[] = {
    "line_too_long", "truncated",      "file_gone",      "unreadable",     "vanished",
    "deleted_limit", "rejected",       "too_large",      "too_far_behind", "too_old",
    "too_new",       "invalid_labels", "limit_exceeded", "invalid_push"};

}  // namespace

std::shared_ptr<Accounting> Accounting::Make(Registry& registry, Clock& clock) {
  std::shared_ptr<Accounting> made(new Accounting(registry, clock));
  // The page may be rendered once more after the pipeline is gone.
  registry.OnRender([weak = std::weak_ptr<Accounting>(made)] {
    if (auto accounting = weak.lock()) accounting->Publish();
  });
  return made;
}

Accounting::Accounting(Registry& r, Clock& clock)
    : registry_(r),
      clock_(clock),
      read_lines_(r.AddCounter("telltale_logs_read_lines_total", "Log lines read from files.")),
      read_bytes_(
          r.AddCounter("telltale_logs_read_bytes_total", "Bytes of lines read from files.")),
      acked_lines_(
          r.AddCounter("telltale_logs_acked_lines_total", "Log lines that Loki acknowledged.")),
      acked_bytes_(r.AddCounter("telltale_logs_acked_bytes_total",
                                "Bytes of lines that Loki acknowledged.")),
      pending_lines_(
          r.AddGauge("telltale_logs_pending_lines", "Log lines read and not yet acknowledged.")),
      pending_bytes_(
          r.AddGauge("telltale_logs_pending_bytes", "Bytes of lines read, not yet acknowledged.")),
      oldest_age_(r.AddGauge("telltale_logs_oldest_unacked_age_seconds",
                             "How long ago the oldest line not yet acknowledged was seen.")),
      overflowed_(r.AddCounter("telltale_logs_label_overflow_lines_total",
                               "Lines whose labels from stages went into structured metadata, "
                               "because their batch had too many sets of labels.")),
      rebuilt_(r.AddCounter("telltale_logs_rebuilt_lines_total",
                            "Lines under way at a restart that were taken anew, because the "
                            "pipeline was another one; Loki may have them twice.")),
      owner_series_(r) {
  for (std::string_view reason : kKnownReasons) totals_.lost[std::string(reason)];
  Publish();
}

std::vector<OwnerAccounts> Accounting::Assign(const std::vector<LogSource>& sources) {
  MutexLock lock(mutex_);
  return book_.Assign(sources);
}

void Accounting::UpdateOwners(GaugesByOwner gauges) {
  MutexLock lock(mutex_);
  book_.DropGone();
  for (const auto& [owner, account] : book_.accounts()) {
    const auto given = gauges.find(account);
    account->gauges = given == gauges.end() ? OwnerGauges{} : given->second;
  }
}

void Accounting::Read(const LineCount& lines, std::uint64_t cut_bytes, const Losses& dropped,
                      const OwnerAccounts& owners) {
  MutexLock lock(mutex_);
  for (const auto& owner : owners) owner->Read(lines, cut_bytes, dropped);
  totals_.read += lines;
  totals_.pending += lines;
  totals_.pending.bytes -= cut_bytes;
  if (cut_bytes > 0) totals_.lost["line_too_long"].bytes += cut_bytes;
  for (const auto& [reason, count] : dropped) {
    totals_.dropped[reason] += count;
    totals_.pending -= count;
  }
}

void Accounting::StagesFailed(const std::vector<StageFailure>& failures,
                              const OwnerAccounts& owners) {
  MutexLock lock(mutex_);
  for (const auto& owner : owners) owner->StagesFailed(failures);
}

void Accounting::LostUnread(std::string_view reason, const LineCount& lines,
                            const OwnerAccounts& owners) {
  MutexLock lock(mutex_);
  for (const auto& owner : owners) owner->LostUnread(reason, lines);
  totals_.read += lines;
  totals_.lost[std::string(reason)] += lines;
}

void Accounting::Answered(const LineCount& acked, const Losses& lost, const OwnerAccounts& owners) {
  MutexLock lock(mutex_);
  for (const auto& owner : owners) owner->Answered(acked, lost);
  totals_.acked += acked;
  totals_.pending -= acked;
  for (const auto& [reason, count] : lost) {
    totals_.lost[reason] += count;
    totals_.pending -= count;
  }
}

void Accounting::SetOldest(std::int64_t wall_nanos) {
  MutexLock lock(mutex_);
  oldest_ = wall_nanos;
}

Accounting::Totals Accounting::Snapshot() const {
  MutexLock lock(mutex_);
  return totals_;
}

void Accounting::PublishReasons(const Losses& counts, std::string_view what, std::string_view help,
                                SeriesByReason& series) {
  const std::string prefix = "telltale_logs_" + std::string(what);
  for (const auto& [reason, count] : counts) {
    auto [known, made] = series.try_emplace(reason);
    if (made) {
      const Labels labels{{"reason", reason}};
      known->second = {
          &registry_.AddCounter(prefix + "_lines_total", "Log lines " + std::string(help), labels),
          &registry_.AddCounter(prefix + "_bytes_total", "Bytes of lines " + std::string(help),
                                labels)};
    }
    known->second.lines->Set(count.lines);
    known->second.bytes->Set(count.bytes);
  }
}

void Accounting::Publish() {
  Totals totals;
  std::int64_t oldest;
  std::vector<OwnerAccount> owners;
  std::size_t sharing = 0;
  {
    MutexLock lock(mutex_);
    totals = totals_;
    oldest = oldest_;
    for (const auto& [owner, account] : book_.accounts()) owners.push_back(*account);
    sharing = book_.sharing();
  }
  owner_series_.Publish(owners, sharing, clock_.WallNanos());
  read_lines_.Set(totals.read.lines);
  read_bytes_.Set(totals.read.bytes);
  acked_lines_.Set(totals.acked.lines);
  acked_bytes_.Set(totals.acked.bytes);
  pending_lines_.Set(static_cast<double>(totals.pending.lines));
  pending_bytes_.Set(static_cast<double>(totals.pending.bytes));
  PublishReasons(totals.lost, "lost", "that cannot be delivered, by reason.", lost_series_);
  PublishReasons(totals.dropped, "dropped",
                 "that the pipeline's stages left out as they were told, by reason.",
                 dropped_series_);
  double age = oldest == 0 ? 0 : static_cast<double>(clock_.WallNanos() - oldest) / 1e9;
  oldest_age_.Set(std::max(age, 0.0));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/owner_series.h"

#include <algorithm>
#include <string>

namespace telltale {
namespace {

using Column = SeriesTable::Column;

// Several reasons for some owners; more are not shown.
constexpr std::size_t kMaxRows = 4 * (OwnerBook::kMax + 1);

// `more`, and the labels of the owner.
Labels With(const LogOwner& owner, Labels more = {}) {
  const Labels names{{"target", owner.target},
                     {"log_namespace", owner.ns},
                     {"log_pod", owner.pod},
                     {"log_pod_uid", owner.uid}};
  for (const auto& [name, value] : names) {
    if (!value.empty()) SetLabel(more, name, value);
  }
  return more;
}

}  // namespace

OwnerSeries::OwnerSeries(Registry& registry)
    : sharing_(registry.AddGauge("telltale_logs_target_owners_sharing",
                                 "MonitoringTargets, or pods of them, beyond the first 500: they "
                                 "share the series with the target \"(others)\".")),
      totals_(
          registry,
          {{"telltale_logs_target_read_lines_total", "Log lines read, by MonitoringTarget.",
            Column::kCounter},
           {"telltale_logs_target_read_bytes_total",
            "Bytes of log lines read, by MonitoringTarget.", Column::kCounter},
           {"telltale_logs_target_acked_lines_total",
            "Log lines that the log store acknowledged, by MonitoringTarget.", Column::kCounter},
           {"telltale_logs_target_acked_bytes_total",
            "Bytes of log lines that the log store acknowledged, by MonitoringTarget.",
            Column::kCounter},
           {"telltale_logs_target_dropped_lines_total",
            "Log lines that stages left out as they were told, by MonitoringTarget.",
            Column::kCounter},
           {"telltale_logs_target_dropped_bytes_total",
            "Bytes of log lines that stages left out as they were told, by MonitoringTarget.",
            Column::kCounter},
           {"telltale_logs_target_pending_lines",
            "Log lines read and not yet acknowledged, by MonitoringTarget.", Column::kGauge},
           {"telltale_logs_target_pending_bytes",
            "Bytes of log lines read and not yet acknowledged, by MonitoringTarget.",
            Column::kGauge},
           {"telltale_logs_target_unread_bytes",
            "Bytes in open log files that are not read yet, by MonitoringTarget.", Column::kGauge},
           {"telltale_logs_target_oldest_unacked_age_seconds",
            "How long ago the oldest line not yet acknowledged was seen, by MonitoringTarget.",
            Column::kGauge}},
          kMaxRows),
      lost_(registry,
            {{"telltale_logs_target_lost_lines_total",
              "Log lines that cannot be delivered, by MonitoringTarget and reason.",
              Column::kCounter},
             {"telltale_logs_target_lost_bytes_total",
              "Bytes of log lines that cannot be delivered, by MonitoringTarget and reason.",
              Column::kCounter}},
            kMaxRows),
      files_(registry,
             {{"telltale_logs_target_files",
               "Log files that are known, by MonitoringTarget and state, as telltale_logs_files.",
               Column::kGauge}},
             kMaxRows),
      unread_(registry,
              {{"telltale_logs_target_files_unread",
                "Log files and directories that are wanted and not read, by MonitoringTarget and "
                "reason.",
                Column::kGauge}},
              kMaxRows),
      failed_(registry,
              {{"telltale_logs_target_stage_failures_total",
                "Lines on which a pipeline stage could not do its work, by MonitoringTarget, stage "
                "and reason.",
                Column::kCounter}},
              kMaxRows),
      unmatched_(registry,
                 {{"telltale_logs_target_stage_unmatched_lines_total",
                   "Lines that the expression of a regex stage did not match, by "
                   "MonitoringTarget.",
                   Column::kCounter}},
                 kMaxRows) {}

void OwnerSeries::SetTotals(const OwnerAccount& account, std::int64_t now) {
  const std::int64_t oldest = account.gauges.oldest;
  const std::int64_t age = oldest == 0 ? 0 : std::max<std::int64_t>(now - oldest, 0);
  totals_.Set(
      With(account.owner),
      {account.read.lines, account.read.bytes, account.acked.lines, account.acked.bytes,
       account.dropped.lines, account.dropped.bytes, account.pending.lines, account.pending.bytes,
       account.gauges.unread_bytes, static_cast<std::uint64_t>(age / 1'000'000'000)});
}

void OwnerSeries::SetLosses(const OwnerAccount& account) {
  for (const auto& [reason, lost] : account.lost) {
    lost_.Set(With(account.owner, {{"reason", reason}}), {lost.lines, lost.bytes});
  }
}

void OwnerSeries::SetFiles(const OwnerAccount& account) {
  const auto files = account.gauges.files.by_state();
  for (std::size_t i = 0; i < files.size(); ++i) {
    files_.Set(With(account.owner, {{"state", std::string(kFileStates[i])}}), {files[i]});
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(UnreadReason::kCount); ++i) {
    const auto reason = static_cast<UnreadReason>(i);
    const std::uint64_t files_unread = account.gauges.files.unread[reason];
    if (files_unread == 0) continue;
    unread_.Set(With(account.owner, {{"reason", std::string(UnreadReasonName(reason))}}),
                {files_unread});
  }
}

void OwnerSeries::SetStages(const OwnerAccount& account) {
  for (const auto& [name, lines] : account.stage_failures) {
    const auto& [stage, reason] = name;
    if (reason == StageFailure::kUnmatched) {
      unmatched_.Set(With(account.owner, {{"stage", stage}}), {lines});
    } else {
      failed_.Set(With(account.owner, {{"reason", reason}, {"stage", stage}}), {lines});
    }
  }
}

void OwnerSeries::Publish(const std::vector<OwnerAccount>& accounts, std::size_t sharing,
                          std::int64_t now) {
  sharing_.Set(static_cast<double>(sharing));
  const auto tables = {&totals_, &lost_, &files_, &unread_, &failed_, &unmatched_};
  for (SeriesTable* table : tables) table->Begin();
  for (const OwnerAccount& account : accounts) {
    SetTotals(account, now);
    SetLosses(account);
    SetFiles(account);
    SetStages(account);
  }
  for (SeriesTable* table : tables) table->End();
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
// LogStage, last part: everything is well again, and what Loki holds is held against the truth.
#include <algorithm>
#include <numeric>
#include <set>

#include "common/base/log.h"
#include "tests/faults/logs/log_lines.h"
#include "tests/faults/logs/log_stage.h"

namespace telltale::faults {
namespace {

using std::chrono::seconds;

// The longest that a line may wait: half a CRI line for the next generation, and what a listing
// holds back while somebody copies.
constexpr int kSecondsToArrive = 200, kSecondsOfRest = 70;

std::uint64_t Sum(const std::map<std::string, std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& count) { return sum + count.second; });
}

}  // namespace

// A stream in another tenant's part is one that nobody wrote.
Verdict LogStage::JudgeNow(bool by_time, int only_tenant) const {
  Delivered delivered;
  std::vector<const ExpectedStream*> expected;
  for (const ExpectedStream* stream : files_->streams()) {
    if (only_tenant < 0 || TenantOf(stream->filename) == only_tenant) expected.push_back(stream);
  }
  for (int tenant = 0; tenant < (plan_.variety.tenants ? 2 : 1); ++tenant) {
    if (only_tenant >= 0 && tenant != only_tenant) continue;
    const auto stored =
        loki_.streams(plan_.variety.tenants ? kTenants.at(static_cast<std::size_t>(tenant)) : "");
    for (const auto& [text, entries] : stored) {
      std::map<std::string, std::string> labels;
      ParseLokiLabels(text, labels);
      std::string filename = labels["filename"];
      if (TenantOf(filename) != tenant)
        filename += std::string(" of ") + kTenants.at(static_cast<std::size_t>(tenant));
      auto& lines = delivered[{filename, labels["stream"]}];
      for (const auto& entry : entries) lines.push_back({entry.time, entry.line});
    }
  }
  return Judge(expected, by_time ? ByTime(std::move(delivered)) : delivered);
}

// With TELLTALE_FAULT_LOG=info: what the plan does, between what the sidecar says of it.
void LogStage::Say(std::string_view act) const {
  LogInfo("plan", {{"act", act}, {"time", LogLines::Stamp(clock_.WallNanos())}});
}

void LogStage::Check(bool good, const std::string& problem) {
  if (!good && problems_.size() < 2'000) problems_ += problem + "\n";
}

void LogStage::Finish() {
  disk_.Fail(0);
  disk_.Live();
  misbehaves_ = false;
  refused_tenant_ = -1;
  patient_ = true;
  if (files_->blocked()) Block();
  if (std::exchange(away_, false)) loki_.ComeBack();
  files_->EndHalves();
  if (!sidecar_) Start();
  int waited = 0;
  while (waited < kSecondsToArrive && (waited < 8 || !JudgeNow(false).complete())) {
    Pass(seconds(1));
    ++waited;
  }
  Pass(seconds(kSecondsOfRest));
  ExpectTruth();
}

// In this life.
std::uint64_t LogStage::ReportedBytes() {
  Reported now;
  now.Add(sidecar_->Metrics());
  return Sum(now.bytes);
}

void LogStage::ExpectTruth() {
  const Page page = sidecar_->Metrics();
  Check(page.at("telltale_logs_pending_lines") == 0, "lines are pending at rest");
  reported_.Add(page);
  Verdict verdict = JudgeNow(false);
  // What was refused for good is not there; which lines these were, Loki chose.
  const std::uint64_t refused = loki_.refused();
  Check(verdict.missing == refused || verdict.missing + verdict.lost_lines == refused ||
            (plan_.trouble == Trouble::kPartial && verdict.missing <= refused &&
             verdict.missing + verdict.lost_lines >= refused),
        "by arrival: " + verdict.Text() + "; refused for good: " + std::to_string(refused));
  Check(verdict.wrong == 0 && verdict.misplaced == 0, "by arrival: " + verdict.Text());
  // A push that is repeated is stored once more where Loki has cut the stream's head block
  // meanwhile. Loki says how often; any other double would have another time.
  // Lines that were in flight when the stages became others are counted as sent again.
  Check(verdict.doubled <= loki_.stored_again() + reported_.rebuilt_lines ||
            (!plan_.exact() && !files_->cri()),
        "by arrival: " + verdict.Text());
  const Verdict by_time = JudgeNow(true);
  Check(by_time.misplaced == 0 || (!plan_.exact() && !files_->cri()), "by time: " + by_time.Text());
  ExpectReasons(verdict);
}

// What was reported as lost is what was lost.
void LogStage::ExpectReasons(const Verdict& verdict) {
  const bool truncates = Truncates(plan_.rotation) || plan_.rotation == Rotation::kMixed;
  std::set<std::string> possible;
  if (truncates || files_->cut_seen_bytes() > 0) possible.insert("truncated");
  if (lives_ > 1 && (truncates || plan_.rotation == Rotation::kDelete)) {
    possible.insert("file_gone");
  }
  // How much was written to a file that was gone before it could be opened nobody can tell.
  Check(
      verdict.unseen_lines == 0 || reported_.vanished_files > 0,
      std::to_string(verdict.unseen_lines) + " lines vanished unseen with their file, unreported");
  Check(lives_ > 1 || reported_.vanished_files <= files_->unseen_deletes(),
        std::to_string(reported_.vanished_files) + " files were reported as vanished, but " +
            std::to_string(files_->unseen_deletes()) + " were");
  if (plan_.trouble == Trouble::kPartial) possible.insert("too_far_behind");
  for (const auto& [reason, lines] : reported_.lines) {
    Check(lines == 0 || possible.contains(reason),
          std::to_string(lines) + " lines were reported as lost, " + reason);
  }
  if (plan_.trouble == Trouble::kPartial) {
    const std::uint64_t told = reported_.lines["too_far_behind"];
    Check(told == loki_.refused(), std::to_string(told) + " refused lines were reported, but " +
                                       std::to_string(loki_.refused()) + " were refused");
    return;
  }
  std::map<std::string, std::uint64_t> bytes = reported_.bytes;
  const std::uint64_t cut = bytes["line_too_long"];
  Check(cut == 0 || plan_.traits.huge, "bytes were cut from lines that are not too long");
  bytes.erase("line_too_long");
  const std::uint64_t told = Sum(bytes);
  // Behind a power cut the journal does not know what was acknowledged in the last second. If that
  // is truncated then, it is reported as lost although it arrived: too much, never too little.
  // What was counted in a step that the disk ended is counted again if it was not recorded.
  const std::uint64_t uncertain = bytes["file_gone"] + reported_unrecorded_ +
                                  files_->cut_seen_bytes() +
                                  (plan_.exact() ? 0 : verdict.saved_bytes);
  Check(told + in_flight_at_cuts_ >= verdict.known_lost_bytes,
        "lost bytes that were seen: " + std::to_string(verdict.known_lost_bytes) +
            ", but reported: " + std::to_string(told));
  Check(told <= verdict.lost_bytes + uncertain,
        "lost bytes: " + std::to_string(verdict.lost_bytes) +
            ", but reported: " + std::to_string(told));
}

}  // namespace telltale::faults

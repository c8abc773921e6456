// SPDX-License-Identifier: Apache-2.0
// LogStage, third part: what wide plans do besides.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sidecar/pipeline/pipeline.h"
#include "tests/faults/logs/log_stage.h"

namespace telltale::faults {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Half a CRI line may wait a minute for the next generation.
constexpr int kSecondsOfATenant = 90;
// A change of modes may send no event, and a folder that could not be watched sends none.
constexpr seconds kSecondsUntilReadable{12};
// Loki takes no lines that are older than a week.
constexpr hours kMostOfLongTimes{100};

}  // namespace

int LogStage::TenantOf(const std::string& filename) const {
  const std::size_t at = filename.find(".log");
  if (!plan_.variety.tenants || filename.size() < 5) return 0;
  const std::size_t end = filename.ends_with(".log") ? filename.size() - 4 : at;
  return (filename[end - 1] - '0') % 2;
}

std::vector<LogSource> LogStage::Sources() const {
  PipelineSpec stages;
  if (plan_.variety.json) {
    stages.stages.push_back(StageSpec{JsonSpec{.expressions = {{"stream", "stream"}}}});
    stages.stages.push_back(StageSpec{LabelsSpec{.values = {{"stream", "stream"}}}});
  }
  if (version_ > 0) {
    DropSpec none;
    none.expression = "^version " + std::to_string(version_) + " of the stages drops this$";
    stages.stages.push_back(StageSpec{none});
  }
  LogSource source;
  source.include = {files_->include()};
  source.labels = {{"app", "shop"}, {"namespace", "n"}};
  if (!stages.stages.empty()) source.pipeline = *Pipeline::Compile(stages);
  if (!plan_.variety.tenants) return {source};
  std::vector<LogSource> sources;
  for (std::size_t tenant = 0; tenant < 2; ++tenant) {
    sources.push_back(source);
    sources.back().tenant = kTenants[tenant];
    sources.back().include = {plan_.folder + (tenant == 0 ? "/*[02].log" : "/*[13].log")};
  }
  return sources;
}

FakeLoki::Reply LogStage::RefusalOfTenant(const FakeLoki::Push& push) const {
  constexpr std::array<int, 5> kStatuses{401, 403, 404, 429, 500};
  FakeLoki::Reply reply;
  reply.status = kStatuses[plan_.seed / 2 % kStatuses.size()];
  reply.body = reply.status == 429 ? "ingestion rate limit exceeded for user " + push.tenant + "\n"
                                   : "tenant " + push.tenant + " is refused\n";
  return reply;
}

// One is refused: the lines of the other arrive all the same, two batches of each of its files.
void LogStage::RefuseTenant() {
  if (refused_tenant_ >= 0) {
    refused_tenant_ = -1;
    return;
  }
  const int refused = static_cast<int>(varied_.Below(2));
  Say(refused == 0 ? "refuse blue" : "refuse green");
  refused_tenant_ = refused;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < files_->writers(); ++i) files_->Write(i, varied_.Between(5, 30));
    Pass(milliseconds(varied_.Between(1, 1'500)));
  }
  if (away_ || !sidecar_ || disk_.failing() || files_->blocked()) return;
  const bool arrives = OneTenantArrives(1 - refused);
  Check(arrives, std::string(kTenants.at(static_cast<std::size_t>(1 - refused))) +
                     " waits for a tenant that is refused: " + JudgeNow(false, 1 - refused).Text());
  // It stays so until this act comes again, or something that needs both.
}

bool LogStage::OneTenantArrives(int tenant) {
  const auto arrived = [&] {
    const Verdict verdict = JudgeNow(false, tenant);
    return verdict.missing <= loki_.refused();
  };
  patient_ = true;
  const auto until = std::chrono::steady_clock::now() + seconds(60);
  for (int second = 0; sidecar_ && !arrived(); ++second) {
    if (second >= kSecondsOfATenant && std::chrono::steady_clock::now() > until) break;
    Pass(seconds(1));
  }
  patient_ = false;
  return !sidecar_ || arrived();
}

// Something cannot be read, or can be read again.
void LogStage::Block() {
  if (files_->blocked()) {
    Say("readable again");
    files_->MakeReadable();
    Pass(kSecondsUntilReadable);
    files_->SetReadable();
    return;
  }
  // The copy of a file that was truncated since the last look could not be found.
  Pass(milliseconds(1'100));
  const bool folder = geteuid() == 0 && varied_.Chance(0.3);
  Say(folder ? "the folder is unreadable" : "a file is unreadable");
  if (folder) {
    files_->MakeFolderUnreadable();
  } else {
    files_->MakeUnreadable(varied_.Below(files_->writers()));
  }
  // Without its journal a start would send lines again.
  const bool journal =
      plan_.trouble == Trouble::kJournalKill || plan_.trouble == Trouble::kJournalErrors;
  if (journal || varied_.Chance(0.5)) return;
  // What was open stays so: only after a start it is missing.
  End();
  Start();
  Pass(kSecondsUntilReadable);
  if (!sidecar_) return;
  const Page page = sidecar_->Metrics();
  Check(page.at("telltale_logs_files_unread{reason=\"permission\"}") > 0,
        "nothing says that a file may not be read");
}

// What nobody has seen, or, while Loki is away, what is known to be unread.
void LogStage::CutOff() {
  const std::size_t writer = varied_.Below(files_->writers());
  if (!away_ || !sidecar_ || plan_.variety.names || varied_.Chance(0.3)) {
    if (files_->sidecar_up()) files_->CutOff(writer);
    return;
  }
  // The gauge is set once a second: it is true where nothing was read since.
  constexpr const char* kRead = "telltale_logs_read_bytes_total";
  const double read = sidecar_->Metrics().at(kRead);
  Pass(seconds(2));
  if (!sidecar_) return;
  const Page page = sidecar_->Metrics();
  if (page.at(kRead) != read) return;
  const auto behind = page.find("telltale_logs_behind_bytes{generation=\"current\",path=\"" +
                                files_->filename(writer) + "\"}");
  if (behind == page.end()) return;
  const auto bytes = static_cast<std::uint64_t>(behind->second);
  const std::uint64_t size = files_->size_on_disk(writer);
  if (bytes < size) files_->CutOff(writer, size - bytes);
}

void LogStage::LongTime() {
  const hours time(varied_.Between(1, 40));
  if (long_times_ + time > kMostOfLongTimes || refused_tenant_ >= 0) return;
  long_times_ += time;
  Say("hours pass");
  Pass(time, minutes(20));
}

void LogStage::ActWide() {
  std::vector<void (LogStage::*)()> acts;
  if (plan_.variety.tenants) acts.push_back(&LogStage::RefuseTenant);
  if (plan_.variety.permissions) acts.push_back(&LogStage::Block);
  if (plan_.variety.shrinks) acts.push_back(&LogStage::CutOff);
  if (plan_.variety.days) acts.push_back(&LogStage::LongTime);
  if (!acts.empty()) (this->*acts[varied_.Below(acts.size())])();
}

}  // namespace telltale::faults

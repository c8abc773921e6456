// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/sim_sidecar.h"

#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "common/base/strings.h"

namespace telltale::faults {
namespace {

constexpr std::chrono::seconds kSweepEvery{1};
constexpr std::chrono::milliseconds kLook{1};

}  // namespace

Page ReadPage(const std::string& text) {
  Page out;
  for (const std::string_view line : Split(text, '\n')) {
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == line.npos) continue;
    out[std::string(line.substr(0, space))] =
        std::strtod(std::string(line.substr(space)).c_str(), nullptr);
  }
  return out;
}

void Reported::Add(const Page& page) {
  for (const auto& [name, value] : page) {
    if (name == "telltale_logs_vanished_files_total") {
      vanished_files += static_cast<std::uint64_t>(value);
    }
    if (name == "telltale_logs_rebuilt_lines_total") {
      rebuilt_lines += static_cast<std::uint64_t>(value);
    }
    for (auto* unit : {&lines, &bytes}) {
      const std::string prefix = std::string("telltale_logs_lost_") +
                                 (unit == &lines ? "lines" : "bytes") + "_total{reason=\"";
      if (!name.starts_with(prefix)) continue;
      const std::string reason = name.substr(prefix.size(), name.size() - prefix.size() - 2);
      (*unit)[reason] += static_cast<std::uint64_t>(value);
    }
  }
}

std::string Imbalance(const Page& page) {
  auto at = [&](const std::string& name) {
    const auto found = page.find(name);
    return found == page.end() ? 0 : found->second;
  };
  for (const std::string unit : {"lines", "bytes"}) {
    double sum = at("telltale_logs_acked_" + unit + "_total") + at("telltale_logs_pending_" + unit);
    for (const auto& [name, value] : page) {
      if (name.starts_with("telltale_logs_lost_" + unit) ||
          name.starts_with("telltale_logs_dropped_" + unit)) {
        sum += value;
      }
    }
    const double read = at("telltale_logs_read_" + unit + "_total");
    if (read != sum || at("telltale_logs_pending_" + unit) < 0) {
      return unit + " read are " + std::to_string(read) +
             ", but acked, pending, lost and dropped " + std::to_string(sum);
    }
  }
  return "";
}

SimSidecar::SimSidecar(const LogPipelineOptions& options, const std::vector<LogSource>& sources,
                       Clock& clock, Disk& disk)
    : clock_(clock),
      sender_clock_(clock),
      sender_(registry_, sender_clock_,
              [this](PushResult result) {
                const std::lock_guard lock(mutex_);
                answers_.push_back(std::move(result));
                answered_.notify_all();
              }),
      worker_(options.state_dir, registry_, clock, sender_, disk) {
  sender_.Start();
  worker_.Open();
  worker_.Configure(sources, options);
  worker_.Sync();  // the loop comes to it before anything can go wrong
}

SimSidecar::~SimSidecar() { sender_.Stop(); }

bool SimSidecar::TakeAnswers() {
  std::vector<PushResult> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (const PushResult& answer : answers) worker_.Answered(answer);
  return !answers.empty();
}

void SimSidecar::Settle(LogWorker::Mode mode, const std::function<bool()>& waits) {
  worker_.Work(mode);
  while (!worker_.Idle() && waits()) {
    {
      std::unique_lock lock(mutex_);
      answered_.wait_for(lock, kLook, [&] { return !answers_.empty(); });
    }
    if (TakeAnswers()) worker_.Work(mode);
  }
}

void SimSidecar::Step(const std::function<bool()>& waits) {
  TakeAnswers();
  pollfd events{worker_.events_fd(), POLLIN, 0};
  if (clock_.Steady() >= next_sweep_) {
    worker_.Sweep();
    next_sweep_ = clock_.Steady() + kSweepEvery;
  } else if (poll(&events, 1, 0) > 0 || worker_.NextLook() <= clock_.Steady()) {
    worker_.HandleEvents();
  }
  Settle(LogWorker::Mode::kNormal, waits);
  worker_.Sync();
}

bool SimSidecar::Drain(const std::function<bool()>& waits) {
  TakeAnswers();
  sender_.Hurry();
  worker_.Sweep();
  Settle(LogWorker::Mode::kDrain, waits);
  sender_.Stop();
  TakeAnswers();
  worker_.Sync(true);
  return worker_.Idle();
}

Page SimSidecar::Metrics() {
  std::string page;
  registry_.Render(page);
  return ReadPage(page);
}

}  // namespace telltale::faults

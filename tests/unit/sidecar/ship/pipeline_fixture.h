// SPDX-License-Identifier: Apache-2.0
//
// A pipeline over real files in a folder of its own, a Loki that does as it is told, and a thread
// that reads the page of metrics all the time and finds read = acked + pending + lost + dropped on
// each.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/strings.h"
#include "sidecar/ship/log_pipeline.h"
#include "tests/fakes/fake_loki.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

using Millis = std::chrono::milliseconds;
using Then = FakeLoki::Reply::Then;

class PipelineTest : public testing::Test {
 protected:
  // Long enough for a busy machine; nothing waits so long when all is well.
  static constexpr Millis kLong{20'000};

  PipelineTest() {
    std::filesystem::create_directories(temp_ / "log");
    options_.loki_url = loki_.url();
    options_.state_dir = temp_ / "state";
    options_.batch_wait = Millis(20);
    options_.retry_initial = Millis(10);
    options_.retry_cap = Millis(40);
    options_.max_age = std::chrono::seconds(0);  // many lines have a fixed date
    LogSource source;
    source.include = {temp_ / "log/*.log"};
    source.labels = {{"app", "shop"}, {"namespace", "n"}};
    sources_ = {source};
  }
  ~PipelineTest() override { Crash(); }

  void Start() {
    registry_ = std::make_unique<Registry>();
    pipeline_ = std::make_unique<LogPipeline>(options_, *registry_, RealClock());
    ASSERT_TRUE(pipeline_->Start().ok());
    pipeline_->Reconfigure(sources_, options_);
    watching_ = true;
    watcher_ = std::thread([this] {
      while (watching_) CheckBalance();
    });
  }
  void EndWatch() {
    watching_ = false;
    if (watcher_.joinable()) watcher_.join();
  }
  void Stop(Millis timeout = kLong) {
    pipeline_->Stop(timeout);
    EndWatch();
    CheckBalance();
    pipeline_.reset();
  }
  // Ends it without any chance to tidy up.
  void Crash() {
    EndWatch();
    pipeline_.reset();
  }
  void Restart() {
    Crash();
    Start();
  }

  std::string Log(const std::string& name) const { return temp_ / ("log/" + name); }
  void Append(const std::string& name, const std::string& text) const {
    std::ofstream(Log(name), std::ios::app | std::ios::binary) << text;
  }
  void Rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(Log(from), Log(to));
  }
  // "5\n6\n7\n" for 5, 8.
  static std::string Numbers(int from, int to) {
    std::string out;
    for (int i = from; i < to; ++i) out += std::to_string(i) + "\n";
    return out;
  }
  static std::vector<std::string> NumberList(int from, int to) {
    std::vector<std::string> out;
    for (int i = from; i < to; ++i) out.push_back(std::to_string(i));
    return out;
  }

  bool Flush() { return pipeline_->Flush(kLong); }

  // Every series of the page by its name with labels.
  std::map<std::string, double> Metrics() const {
    std::string page;
    registry_->Render(page);
    std::map<std::string, double> out;
    for (std::string_view line : Split(page, '\n')) {
      std::size_t space = line.rfind(' ');
      if (line.empty() || line[0] == '#' || space == line.npos) continue;
      out[std::string(line.substr(0, space))] =
          std::strtod(std::string(line.substr(space)).c_str(), nullptr);
    }
    return out;
  }
  // -1 while there is no such series.
  double OpenFiles() const {
    return Metric("files{state=\"current\"}") + Metric("files{state=\"rotated\"}") +
           Metric("files{state=\"deleted\"}");
  }
  double Metric(const std::string& name) const {
    if (name == "files") return OpenFiles();
    auto all = Metrics();
    auto found = all.find("telltale_logs_" + name);
    return found == all.end() ? -1 : found->second;
  }
  double Lost(const std::string& what, const std::string& reason) const {
    return Metric("lost_" + what + "_total{reason=\"" + reason + "\"}");
  }
  void CheckBalance() const {
    auto all = Metrics();
    for (std::string unit : {"lines", "bytes"}) {
      double sum =
          all["telltale_logs_acked_" + unit + "_total"] + all["telltale_logs_pending_" + unit];
      for (const auto& [name, value] : all) {
        if (name.starts_with("telltale_logs_lost_" + unit)) sum += value;
        if (name.starts_with("telltale_logs_dropped_" + unit)) sum += value;
      }
      ASSERT_EQ(all["telltale_logs_read_" + unit + "_total"], sum) << unit;
      ASSERT_GE(all["telltale_logs_pending_" + unit], 0) << unit;
    }
    CheckOwners(all);
  }
  // The same for each owner of sources.
  static void CheckOwners(const std::map<std::string, double>& all) {
    for (const std::string unit : {"lines", "bytes"}) {
      std::map<std::string, double> read, others;
      for (const auto& [name, value] : all) {
        if (!name.starts_with("telltale_logs_target_") || name.back() != '}') continue;
        const std::string what = name.substr(21, name.find('{') - 21);
        const std::string owner = name.substr(name.rfind("target=\""));
        if (what == "read_" + unit + "_total") read[owner] = value;
        for (const std::string part : {"acked", "dropped", "lost"}) {
          if (what == part + "_" + unit + "_total") others[owner] += value;
        }
        if (what == "pending_" + unit) others[owner] += value;
      }
      ASSERT_EQ(read, others) << unit;
    }
  }
  // Waits for the page to say so; for what has no other event.
  bool WaitForMetric(const std::string& name, double at_least) const {
    auto end = std::chrono::steady_clock::now() + kLong;
    while (Metric(name) < at_least) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  TempFolder temp_;
  FakeLoki loki_;
  LogPipelineOptions options_;
  std::vector<LogSource> sources_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<LogPipeline> pipeline_;
  std::atomic<bool> watching_{false};
  std::thread watcher_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// A LogWorker over real files in a folder of its own, on a clock that stands still, with a sender
// that keeps what it is given. Reads of one file can be made to fail.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "sidecar/ship/log_worker.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

inline std::atomic<ino_t> bad_inode{0};

inline ssize_t ReadUnlessBad(int fd, void* data, std::size_t size, std::int64_t offset) {
  struct stat info;
  if (fstat(fd, &info) == 0 && info.st_ino == bad_inode) {
    errno = EIO;
    return -1;
  }
  return pread(fd, data, size, offset);
}

class LogWorkerTest : public testing::Test {
 protected:
  LogWorkerTest() {
    FileBytes::ReplaceReadForTest(ReadUnlessBad);
    options_.loki_url = "http://127.0.0.1:1";
    LogSource source;
    source.include = {temp_ / "*.log"};
    source_ = source;
  }
  ~LogWorkerTest() override {
    bad_inode = 0;
    FileBytes::ReplaceReadForTest(nullptr);
  }
  // The first life, or the next one after a kill: it counts from zero.
  void Start() {
    worker_.reset();
    sender_.reset();
    sender_.emplace(registry_.emplace(), clock_, [](PushResult) {});
    worker_ = std::make_unique<LogWorker>(temp_ / "state", *registry_, clock_, *sender_);
    worker_->Open();
    worker_->Configure({source_}, options_);
  }
  void Append(const std::string& name, const std::string& text) {
    std::ofstream(temp_ / name, std::ios::app | std::ios::binary) << text;
  }
  void Break(const std::string& name) {
    struct stat info;
    ASSERT_EQ(stat((temp_ / name).c_str(), &info), 0);
    bad_inode = info.st_ino;
  }
  void Pass(std::chrono::seconds time) {
    clock_.Advance(time);
    worker_->Sweep();
    worker_->Work(LogWorker::Mode::kNormal);
  }
  double OpenFiles() {
    return Metric("files{state=\"current\"}") + Metric("files{state=\"rotated\"}") +
           Metric("files{state=\"deleted\"}");
  }
  double Metric(const std::string& name) {
    if (name == "files") return OpenFiles();
    std::string page;
    registry_->Render(page);
    std::size_t at = page.find("\ntelltale_logs_" + name + " ");
    return at == page.npos ? -1 : std::strtod(page.c_str() + at + name.size() + 16, nullptr);
  }

  TempFolder temp_;
  FakeClock clock_;
  std::optional<Registry> registry_;
  std::optional<Sender> sender_;
  LogPipelineOptions options_;
  LogSource source_;
  std::unique_ptr<LogWorker> worker_;
};

}  // namespace telltale

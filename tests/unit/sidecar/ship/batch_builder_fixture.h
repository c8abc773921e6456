// SPDX-License-Identifier: Apache-2.0
//
// A file and a BatchBuilder that is asked for its lines, as the worker does it. For the tests of
// BatchBuilder.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

#include "sidecar/ship/batch_builder.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

class BatchBuilderTest : public testing::Test {
 protected:
  static constexpr std::int64_t kNow = 1'795'222'923'000'000'000;

  void Write(const std::string& content) {
    temp_.Write("a.log", content);
    file_ = TailedFile{};
    front_ = 0;
    file_.file_id = 1;
    file_.path = "/a.log";
    file_.bytes = FileBytes(UniqueFd(open((temp_ / "a.log").c_str(), O_RDONLY)));
    Look(kNow);
  }
  void Append(const std::string& text, std::int64_t wall) {
    std::ofstream(temp_ / "a.log", std::ios::app | std::ios::binary) << text;
    Look(wall);
  }
  void Look(std::int64_t wall) {
    file_.info = *StatFile(file_.bytes.fd());
    file_.arrival_times.Note(file_.info.size, wall, SteadyTime(std::chrono::nanoseconds(wall)));
  }
  Batch Build(std::size_t max_bytes = 1 << 20, bool unfinished = false) {
    auto batch = builder_.Build(file_, source_, max_bytes,
                                {.unfinished = unfinished, .front = front_}, kNow + 1);
    EXPECT_TRUE(batch.ok());
    return std::move(*batch);
  }
  // As the worker does after it sent one.
  void Take(const Batch& batch) {
    file_.checkpoint = batch.record.checkpoint;
    file_.searched = std::max(batch.searched, file_.checkpoint.offset);
    file_.last_time = batch.record.last_time;
    front_ = batch.front;
  }
  void ExpectSameAgain(const Batch& batch) {
    BatchBuilder other;
    auto again = other.Rebuild(file_, source_, batch.record, kNow + 99);
    ASSERT_TRUE(again.ok()) << again.error().message;
    ASSERT_EQ(again->bodies.size(), batch.bodies.size());
    for (std::size_t i = 0; i < batch.bodies.size(); ++i) {
      EXPECT_EQ(again->bodies[i].compressed, batch.bodies[i].compressed);
      EXPECT_EQ(again->bodies[i].count, batch.bodies[i].count);
    }
    EXPECT_EQ(again->count, batch.count);
    EXPECT_EQ(again->cut_bytes, batch.cut_bytes);
  }

  TempFolder temp_;
  BatchBuilder builder_;
  TailedFile file_;
  std::int64_t front_ = 0;  // as the worker keeps it of the path
  LogSource source_{{}, {}, LogSource::Format::kAuto, {{"app", "shop"}}};
};

}  // namespace telltale

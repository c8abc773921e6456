// SPDX-License-Identifier: Apache-2.0
//
// The disk of a journal in a simulated sidecar: it ends the program before a call or in the middle
// of a write, is full or broken for a while, and forgets what was not synced when the power goes.
// One thread.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "common/base/clock.h"
#include "sidecar/journal/disk.h"
#include "tests/faults/logs/file_times.h"

namespace telltale::faults {

struct Killed {};  // thrown through the sidecar, which catches nothing

class FaultDisk : public Disk {
 public:
  explicit FaultDisk(const Clock& clock) : clock_(clock) {}

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  void KillAfter(std::uint64_t calls) { die_at_ = calls_ + calls; }
  void Live() { die_at_ = kNever; }
  void Fail(int error) { error_ = error; }  // 0: works again
  bool failing() const { return error_ != 0; }
  std::uint64_t calls() const { return calls_; }
  // Of the journal's file, what a power cut leaves.
  off_t synced() const { return synced_; }
  std::int64_t synced_at() const { return synced_at_; }

  int Open(const char* path, int flags) override { return Fails() ? -1 : Disk::Open(path, flags); }
  ssize_t Read(int fd, void* data, std::size_t size) override {
    return Fails() ? -1 : Disk::Read(fd, data, size);
  }
  ssize_t Write(int fd, const void* data, std::size_t size) override {
    if (calls_ == die_at_) {
      // Some of it is there, as a kill between two pages leaves it.
      Disk::Write(fd, data, calls_ * 7 % (size + 1));
      throw Killed();
    }
    if (Fails()) {
      if (error_ == ENOSPC && size > 1) return Disk::Write(fd, data, size / 2) < 0 ? -1 : Full();
      return -1;
    }
    const ssize_t written = Disk::Write(fd, data, size);
    SetFileTimes(fd, false, clock_.WallNanos());
    return written;
  }
  int Sync(int fd) override {
    if (Fails()) return -1;
    struct stat info{};
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
      synced_ = info.st_size;
      synced_at_ = clock_.WallNanos();
    }
    return 0;  // a kill takes nothing from the page cache
  }
  int Rename(const char* from, const char* to) override {
    return Fails() ? -1 : Disk::Rename(from, to);
  }

 private:
  bool Fails() {
    if (calls_ == die_at_) throw Killed();
    ++calls_;
    errno = error_;
    return error_ != 0;
  }
  static ssize_t Full() {
    errno = ENOSPC;
    return -1;
  }

  std::uint64_t calls_ = 0, die_at_ = kNever;
  int error_ = 0;
  off_t synced_ = 0;
  std::int64_t synced_at_ = 0;
  const Clock& clock_;
};

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
//
// What cannot be read is left out: no value is better than a wrong one. The refresh at each scrape
// reads into buffers on the stack and does not allocate.
#include "common/metrics/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/files.h"

namespace telltale {
namespace {

using Buffer = std::array<char, 4096>;  // /proc/self/stat has 300 bytes, limits 1,300

// The file's first bytes; empty when it cannot be read.
std::string_view ReadInto(const std::string& path, Buffer& buffer) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  return got > 0 ? std::string_view(buffer.data(), static_cast<std::size_t>(got)) : "";
}

// The next word of `text`, which is removed from it.
std::string_view TakeWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
  text.remove_prefix(word.size());
  return word;
}

struct ProcessStat {
  double cpu_seconds = 0, threads = 0, start_seconds_after_boot = 0, virtual_bytes = 0,
         resident_bytes = 0;
};

// proc(5), /proc/pid/stat: "pid (name) state ..."; the name may hold blanks and parentheses.
std::optional<ProcessStat> ParseStat(std::string_view text) {
  const std::size_t after_name = text.rfind(')');
  if (after_name == std::string_view::npos) return {};
  text.remove_prefix(after_name + 1);
  std::array<double, 25> field{};  // by their numbers in proc(5); the first after the name is 3
  for (std::size_t i = 3; i < field.size(); ++i) {
    const std::string_view word = TakeWord(text);
    if (i == 3) continue;  // the state, a letter
    const auto number = ParseInt(word);
    if (!number) return {};
    field[i] = static_cast<double>(*number);
  }
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  return ProcessStat{(field[14] + field[15]) / ticks, field[20], field[22] / ticks, field[23],
                     field[24] * page};
}

// The soft limit on the line that starts with `name`; "unlimited" is the largest number, as in
// every other client library.
std::optional<double> ParseLimit(std::string_view limits, std::string_view name) {
  const std::size_t at = limits.find(name);
  if (at == std::string_view::npos) return {};
  limits.remove_prefix(at + name.size());
  const std::string_view word = TakeWord(limits);
  if (word == "unlimited") return 18446744073709551615.0;
  const auto number = ParseInt(word);
  return number ? std::optional<double>(static_cast<double>(*number)) : std::nullopt;
}

// The same by the clocks, where procfs has no /proc/stat (mount option subset=pid).
double BootSecondsByClock() {
  timespec now{}, up{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  return static_cast<double>(now.tv_sec - up.tv_sec) +
         static_cast<double>(now.tv_nsec - up.tv_nsec) / 1e9;
}

// Seconds since the epoch at which the machine started: the line "btime N" of /proc/stat.
double BootSeconds(const std::string& proc) {
  const auto text = ReadFile(proc + "/stat");
  if (!text.ok()) return BootSecondsByClock();
  const std::size_t at = text->find("\nbtime ");
  if (at == std::string::npos) return BootSecondsByClock();
  std::string_view rest = std::string_view(*text).substr(at + 7);
  const auto seconds = ParseInt(TakeWord(rest));
  return seconds ? static_cast<double>(*seconds) : BootSecondsByClock();
}

// Entries of a folder of descriptors. The system call and not readdir(3), which allocates 32 KiB.
std::optional<double> CountDescriptors(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return {};
  const std::string own = std::to_string(fd.get());
  double count = 0;
  alignas(dirent64) Buffer buffer;
  for (;;) {
    const long got = ::syscall(SYS_getdents64, fd.get(), buffer.data(), buffer.size());
    if (got < 0) return {};
    if (got == 0) return count;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const char* entry = buffer.data() + at;
      const std::string_view name(entry + offsetof(dirent64, d_name));
      // Not the one through which this is read: it is gone a moment later.
      if (name != "." && name != ".." && name != own) ++count;
      unsigned short length = 0;
      std::memcpy(&length, entry + offsetof(dirent64, d_reclen), sizeof length);
      at += length;
    }
  }
}

// The series of one process; a series appears with its first value.
class ProcessMetrics {
 public:
  ProcessMetrics(Registry& registry, const std::string& proc)
      : registry_(registry),
        stat_path_(proc + "/self/stat"),
        limits_path_(proc + "/self/limits"),
        fd_path_(proc + "/self/fd"),
        boot_seconds_(BootSeconds(proc)) {}

  void Refresh() {
    Buffer buffer;
    if (const auto stat = ParseStat(ReadInto(stat_path_, buffer))) {
      if (cpu_ == nullptr) {
        cpu_ = &registry_.AddFloatCounter("process_cpu_seconds_total",
                                          "Total user and system CPU time spent in seconds.");
      }
      cpu_->Set(stat->cpu_seconds);
      Set(threads_, "process_threads", "Number of OS threads in the process.", stat->threads);
      Set(virtual_, "process_virtual_memory_bytes", "Virtual memory size in bytes.",
          stat->virtual_bytes);
      Set(resident_, "process_resident_memory_bytes", "Resident memory size in bytes.",
          stat->resident_bytes);
      Set(start_, "process_start_time_seconds",
          "Start time of the process since unix epoch in seconds.",
          boot_seconds_ + stat->start_seconds_after_boot);
    }
    const std::string_view limits = ReadInto(limits_path_, buffer);
    if (const auto files = ParseLimit(limits, "Max open files")) {
      Set(max_fds_, "process_max_fds", "Maximum number of open file descriptors.", *files);
    }
    if (const auto space = ParseLimit(limits, "Max address space")) {
      Set(max_virtual_, "process_virtual_memory_max_bytes",
          "Maximum amount of virtual memory available in bytes.", *space);
    }
    if (const auto open = CountDescriptors(fd_path_)) {
      Set(open_fds_, "process_open_fds", "Number of open file descriptors.", *open);
    }
  }

 private:
  void Set(Gauge*& gauge, std::string_view name, std::string_view help, double value) {
    if (gauge == nullptr) gauge = &registry_.AddGauge(name, help);
    gauge->Set(value);
  }

  Registry& registry_;
  const std::string stat_path_, limits_path_, fd_path_;
  const double boot_seconds_;
  Gauge *cpu_ = nullptr, *threads_ = nullptr, *virtual_ = nullptr, *resident_ = nullptr,
        *start_ = nullptr, *max_fds_ = nullptr, *max_virtual_ = nullptr, *open_fds_ = nullptr;
};

}  // namespace

void AddProcessMetrics(Registry& registry, std::string_view program, std::string_view version,
                       std::string proc) {
  registry
      .AddGauge("telltale_build_info",
                "Always 1; the labels say which program and version this is.",
                {{"program", std::string(program)}, {"version", std::string(version)}})
      .Set(1);
  registry.OnRender(
      [metrics = std::make_shared<ProcessMetrics>(registry, proc)] { metrics->Refresh(); });
}

}  // namespace telltale

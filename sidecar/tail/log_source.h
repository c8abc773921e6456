// SPDX-License-Identifier: Apache-2.0
//
// What to read: one entry of `logs` in the sidecar's configuration, with the labels that its
// streams carry. Made by the configuration, read by sidecar/tail and sidecar/ship. A plain value.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/strings.h"

namespace telltale {

class Pipeline;

// Who wants the lines of a source, and is told in metrics what became of them.
struct LogOwner {
  std::string target;  // "NAMESPACE/NAME" of the MonitoringTarget
  // The pod that writes the lines; empty in a sidecar, whose metrics are about its own pod.
  std::string ns = {}, pod = {}, uid = {};

  auto operator<=>(const LogOwner&) const = default;
};

struct LogSource {
  // kAuto: a line that has the CRI form or Docker's is taken as such, others as they are.
  // The journal keeps the numbers.
  enum class Format { kAuto, kCri, kPlain, kDocker };

  // Absolute globs over paths: * ? [a-z] [^a-z] and \ never match '/'. A file that matches an
  // include and no exclude is read; the first source in the list that wants a file gets it.
  std::vector<std::string> include, exclude;
  Format format = Format::kAuto;
  // Complete but for `filename`, and `stream` of CRI lines, which the pipeline adds.
  Labels labels;
  // The compiled stages; none when null. Equal ones are the same object.
  std::shared_ptr<const Pipeline> pipeline = nullptr;
  std::string tenant = {};  // empty: that of all
  // Longer lines are cut here, in bytes; at most 255 KiB, because Loki refuses lines above 256 KiB.
  std::size_t max_line_size = 255 << 10;
  // A file that was never read is left out if it has not changed for so long; 0: none is.
  std::chrono::seconds ignore_older{0};

  // Directories, beside those of `include`, that a link may lead into.
  std::vector<std::string> link_targets = {};
  // None for what a person configured. No part of what makes an entry: a change sends nothing
  // again.
  std::vector<LogOwner> owners = {};

  // The MonitoringTarget that messages name; empty if there is none.
  std::string target() const { return owners.empty() ? std::string() : owners.front().target; }

  bool operator==(const LogSource&) const = default;
};

// Of all sources together.
struct LogFileLimits {
  std::size_t open_files = 0;  // 0: three quarters of what the process may open
  std::uint64_t deleted_bytes = std::uint64_t{1} << 30;  // on disk, of deleted files; 0: no limit
};

}  // namespace telltale

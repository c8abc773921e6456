// SPDX-License-Identifier: Apache-2.0
//
// Files `*.prom` in which other programs leave metrics, in the Prometheus text format. A file that
// is wrong in any way is left out as a whole, with a reason; so is the later one, by name, of two
// that do not go together. Files are read again when they have changed.
// One thread at a time; what Scan returns may be used by any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/exposition/family.h"
#include "sidecar/config/collectors_config.h"

namespace telltale {

// Why a file is left out.
//   busy        it was written to while it was read; the content before that is shown
//   clash       a series, a type or a name that does not go with an earlier file
//   duplicate   the same series twice in the file
//   missing     a link to nothing
//   permission  it may not be read
//   reserved    a metric that the sidecar itself has
//   special     no regular file: a pipe, a device
//   stale       it is older than maxAge
//   syntax      it cannot be read as text format, or its last line has no end
//   timestamp   a sample has one
//   too_large   more than 1 MiB, or more samples than fit
struct TextfileError {
  std::string path;
  std::string_view reason;
  std::string text;  // a sentence
  bool operator==(const TextfileError&) const = default;
};

// A family of all files together.
struct MergedFamily {
  std::string_view name, help;
  MetricType type = MetricType::kUntyped;
  std::vector<std::shared_ptr<const Family>> parts;  // the first owns `name`, one of them `help`
};

struct TextfilePage {
  std::vector<MergedFamily> families;  // by name
};

struct TextfileScan {
  std::shared_ptr<const TextfilePage> page;
  std::map<std::string, std::int64_t> modified;  // files by path: Unix seconds
  std::vector<TextfileError> errors;             // one at most for each file
  std::vector<std::string> folder_problems;      // folders that cannot be read
  std::size_t left_out = 0;                      // files beyond 256 of a folder
};

class TextfileScanner {
 public:
  // `now_ns`: Unix time.
  TextfileScan Scan(const std::vector<TextfileConfig>& folders, std::int64_t now_ns);

 private:
  using Families = std::shared_ptr<const std::vector<Family>>;
  // What a file was when it was read.
  struct Version {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    bool operator==(const Version&) const = default;
  };
  struct Known {
    Version version;
    std::int64_t read_ns = 0;
    Families families;    // null: left out
    TextfileError error;  // reason is empty: none
    bool seen = false, stale = false;
  };

  void ScanFolder(const TextfileConfig& folder, std::int64_t now_ns, TextfileScan& out);
  void ScanFile(const std::string& path, const TextfileConfig& folder, std::int64_t now_ns,
                TextfileScan& out);
  static void Read(int fd, const std::string& path, Version& version, Known& known);
  static void Parse(const std::string& path, const std::string& text, Known& known);

  std::map<std::string, Known> known_;  // by path
  // The page of the last Scan and what it was made of: it is kept as long as that stays.
  std::map<std::string, Families> merged_;
  std::shared_ptr<const TextfilePage> page_ = std::make_shared<const TextfilePage>();
  std::vector<TextfileError> merge_errors_;
};

// The files that go together, in the order of their paths, as one page; the others get an error.
std::shared_ptr<const TextfilePage> MergeTextfiles(
    const std::map<std::string, std::shared_ptr<const std::vector<Family>>>& files,
    std::vector<TextfileError>& errors);

}  // namespace telltale

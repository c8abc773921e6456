// SPDX-License-Identifier: Apache-2.0
//
// Finds what became of the generations of a log file while no event told of it: renamed, copied,
// compressed, or begun and rotated away unseen. Looks at files and at what the journal knows; what
// is found is handed to FileSet, which opens it. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/function_ref.h"
#include "sidecar/discover/discovery.h"
#include "sidecar/discover/file_history.h"
#include "sidecar/discover/open_files.h"
#include "sidecar/discover/rotated_files.h"

namespace telltale {

// A file that holds a generation, and how it is to be opened.
struct FoundGeneration {
  enum class Kind {
    kResume,  // it holds the rest of `file_id`
    kUnseen,  // it was begun and rotated away unseen: it is read from its start, as `shipped`
    kKnown,   // the journal may know it by its identity; else it is left alone
  };
  Kind kind = Kind::kKnown;
  std::string path, shipped;
  std::uint64_t file_id = 0;
};

class Rotations {
 public:
  using Names = Discovery::Names;
  using Held = std::set<std::string>;  // names that must not be opened now
  using Open = FunctionRef<void(const FoundGeneration&)>;

  Rotations(Clock& clock, const FileHistory& history, const OpenFiles& open, Discovery& discovery)
      : clock_(clock), history_(history), open_(open), discovery_(discovery) {}

  // Generations of files of the directory that lie in it under other names. Where something cannot
  // be decided yet, the names are held and directory.again is set.
  void Find(const std::string& directory, const Names& names, Held& held, Open open);
  // True if a wanted file that is not open may be a rotation of a known one.
  bool HasNew(const std::string& directory, const Names& wanted,
              FunctionRef<bool(const std::string&, std::uint64_t)> settled);
  // True if the file is a copy of what was read. By inode and birth.
  bool IsDone(const std::string& directory, const std::string& name, std::uint64_t inode);
  // True if an event of a new name may be about a copy of a file that is open.
  bool MayBeCopy(const DirEvent& event) const;
  // True if Find will come across the renamed file in its turn: an older one may wait to be found.
  bool IsForLater(const std::string& path, const std::string& from) const;

 private:
  void FindOf(const std::string& path, const NamesByBase& names,
              std::vector<KnownGeneration>& known, Held& held, Open open);
  void FindUnderAnyName(const std::string& directory, const Names& names,
                        const std::vector<KnownGeneration>& known, const Held& held, Open open);
  void FindContentUnderAnyName(const std::string& directory, const Names& names,
                               const std::vector<KnownGeneration>& known, Held& held, Open open);
  bool FindContent(const std::string& directory, const KnownGeneration& generation,
                   const std::vector<std::string>& names, bool lost, Held& held, Open open);
  static bool IsInPlace(const std::string& directory, const Names& names,
                        const KnownGeneration& generation);
  bool BeingCopied(const std::string& path, const RotatedFile& file,
                   const GenerationSearch& search) const;
  std::optional<std::size_t> LookAtPresent(GenerationSearch& search) const;
  bool LeftInCopy(const GenerationSearch& search, const KnownGeneration& present,
                  const RotatedFile& file) const;

  Clock& clock_;
  const FileHistory& history_;
  const OpenFiles& open_;
  Discovery& discovery_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What discovery asks of the journal and tells it: which generations of a file are known, how far
// each was read, and what becomes of them. Implemented by LogWorker, on its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/discover/generation_search.h"
#include "sidecar/discover/tailed_file.h"

namespace telltale {

// Why a file is not open any more.
enum class CloseReason {
  kFinished,  // rotated away and read to its end
  kUnwanted,  // no source wants it
  kIdle,      // unchanged for long and acknowledged; it is opened again when it changes
};

class FileHistory {
 public:
  // The file was opened. If it is known, fills in file_id, path, checkpoint and all that belongs to
  // them; false if it is not known.
  virtual bool Recall(TailedFile& file) = 0;
  // The file is not known and is read from file.checkpoint on, mostly its start: fills in file_id.
  virtual void Begin(TailedFile& file) = 0;
  // The file holds the rest of a known generation, which is not open: fills in as Recall does.
  virtual bool Resume(TailedFile& file, std::uint64_t file_id) = 0;
  // An unread file has grown: file.fingerprint covers what is there now.
  virtual void Fingerprinted(const TailedFile& file) = 0;
  // The file was truncated; `unread` bytes that were seen are gone. A new generation begins: fills
  // in file_id.
  virtual void Truncated(TailedFile& file, std::uint64_t unread) = 0;
  // An open generation goes on in a copy that was made before the file was truncated; `missing`
  // bytes that were seen are not in the copy.
  virtual void Moved(const TailedFile& file, std::uint64_t missing) = 0;
  // The rest of the file will not be read: counts it as lost.
  virtual void Lost(TailedFile& file, std::string_view reason) = 0;
  virtual void Closed(const TailedFile& file, CloseReason reason) = 0;
  // A generation that was closed as idle or finished has no file any more.
  virtual void Gone(std::uint64_t file_id) = 0;
  // A closed file was written to and is gone before it could be opened again. How much was written
  // nobody can tell.
  virtual void VanishedUnread(const std::string& path) = 0;

  // The generations of wanted paths in a directory that are remembered, oldest first.
  virtual std::vector<KnownGeneration> Known(const std::string& directory) const = 0;
  // Those of any directory that are not open and were not read to their end, and whose file was not
  // found yet, oldest first.
  virtual std::vector<KnownGeneration> Missing() const = 0;
  // Wall time up to which an earlier process knew all files; 0 without one.
  virtual std::int64_t last_scan() const = 0;

 protected:
  ~FileHistory() = default;
};

}  // namespace telltale

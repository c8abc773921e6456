// SPDX-License-Identifier: Apache-2.0
//
// Does the file of a journal record still exist, under its path or another name in the same
// directory? Each directory is listed at most once per object, so make one for a round of checks.
// Called by Journal; does file IO; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sidecar/discover/file_identity.h"

namespace telltale {

class FilePresence {
 public:
  // True as well when it cannot be told, because the directory is not readable.
  bool Exists(const FileIdentity& id, const std::string& path);

 private:
  struct Listing {
    bool readable = true;
    std::map<std::uint64_t, std::vector<std::string>> names;  // by inode
  };
  const Listing& List(const std::string& directory);

  std::map<std::string, Listing> listings_;
};

}  // namespace telltale

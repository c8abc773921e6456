// SPDX-License-Identifier: Apache-2.0
//
// Opens a wanted file for FileSet, or says why it may not or cannot be read. A symbolic link is
// followed only to places below a directory that a pattern names: an application must not make the
// sidecar ship files of its own by a link in its log directory. No state; does file IO.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sidecar/discover/source_list.h"
#include "sidecar/discover/tailed_file.h"
#include "sidecar/discover/unread_reason.h"

namespace telltale {

struct OpenResult {
  std::unique_ptr<TailedFile> file;  // null: `unread` says why, or it is no regular file or gone
  std::optional<UnreadReason> unread;
  std::string detail;
};

// file->path and file->directory are left to the caller.
OpenResult OpenWanted(const std::string& path, const SourceList& sources);

// The path without links under which the open file lies now; empty if it cannot be told.
std::string RealPathOf(int fd);
// The same if `path` itself is a link, else empty.
std::string TargetOf(const std::string& path, int fd);

// So many first bytes say what a file is.
inline constexpr std::size_t kFormatBytes = 10;

struct ForeignFormat {
  UnreadReason reason;    // kCompressed, kEncoding or kBinary
  std::string_view name;  // "xz", "UTF-16LE" and the like; static
};

// What the first bytes of a file say that it is; nullopt if it may be text in UTF-8, or is gzip,
// which we read.
std::optional<ForeignFormat> FindForeignFormat(const FileBytes& bytes);

}  // namespace telltale

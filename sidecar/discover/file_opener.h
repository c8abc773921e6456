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

// "xz", "bzip2", "zstd", "lz4", "compress" or "zip", by the first bytes of the file; empty if it is
// none of them.
std::string_view ForeignCompression(const FileBytes& bytes);

// The encoding that the byte order mark of a file names; empty if it has none or that of UTF-8.
std::string_view ForeignEncoding(const FileBytes& bytes);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/accepted_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "common/base/files.h"

namespace telltale {
namespace {

constexpr mode_t kReadable = 0644;
constexpr std::string_view kSetting = "\ntarget_config:";

// Readers see the old file or the new one, never one that they may not read.
Status Write(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  TELLTALE_TRY(WriteFileAtomic(fresh, content));
  if (::chmod(fresh.c_str(), kReadable) != 0) return ErrnoError("opening " + fresh, errno);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return ErrnoError("renaming " + fresh + " to " + path, errno);
  }
  return {};
}

bool Exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

}  // namespace

AcceptedFile::AcceptedFile(std::string path)
    : path_(std::move(path)), accepted_path_(path_ + ".accepted") {}

Status AcceptedFile::Prepare(std::string_view content) {
  if (Exists(accepted_path_)) {
    const auto accepted = ReadFile(accepted_path_);
    if (!accepted) return accepted.error();
    const auto there = ReadFile(path_);
    return there && *there == *accepted ? Status() : Write(path_, *accepted);
  }
  return content.empty() || Exists(path_) ? Status() : Write(path_, content);
}

Status AcceptedFile::Offer(std::string_view content) {
  offer_ = content;
  return Write(path_, content);
}

Status AcceptedFile::Accept() { return Write(accepted_path_, std::exchange(offer_, {})); }

Result<bool> AcceptedFile::Restore() {
  if (!Exists(accepted_path_)) return false;
  auto text = ReadFile(accepted_path_);
  if (!text) return text.error();
  if (("\n" + *text).find(kSetting) == std::string::npos) {
    if (!text->ends_with('\n')) text->push_back('\n');
    text->append(kSetting.substr(1)).append("\n  sync_period: \"");
    text->append(std::to_string(10'000 + ++restored_)).append("ms\"\n");
  }
  TELLTALE_TRY(Write(path_, *text));
  return true;
}

}  // namespace telltale

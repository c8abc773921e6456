// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/journal_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace telltale {

JournalFile::JournalFile(std::string path, Disk& disk)
    : path_(std::move(path)), folder_(path_.substr(0, path_.rfind('/'))), disk_(disk) {}

Result<std::string> JournalFile::Read(std::size_t limit) const {
  const UniqueFd fd(disk_.Open(path_.c_str(), O_RDONLY));
  if (!fd) return ErrnoError("opening " + path_, errno);
  std::string text;
  std::array<char, 64 << 10> chunk;
  while (true) {
    ssize_t n = disk_.Read(fd.get(), chunk.data(), chunk.size());
    if (n < 0) return ErrnoError("reading " + path_, errno);
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) return Fail(Code::kTooLarge, path_ + " is no journal of ours");
  }
}

std::string JournalFile::SetAside() const {
  std::string name = path_ + ".unreadable";
  for (int n = 2; n <= 9 && access(name.c_str(), F_OK) == 0; ++n) {
    name = path_ + ".unreadable." + std::to_string(n);
  }
  disk_.Rename(path_.c_str(), name.c_str());
  return name;
}

Status JournalFile::WriteAll(int fd, std::string_view bytes, const std::string& path) const {
  while (!bytes.empty()) {
    ssize_t n = disk_.Write(fd, bytes.data(), bytes.size());
    if (n < 0) return ErrnoError("writing " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status JournalFile::Replace(std::string_view text) {
  fd_ = UniqueFd();
  // One name, so that a program that is killed again and again leaves one file behind.
  const std::string temporary = path_ + ".tmp";
  UniqueFd fd(disk_.Open(temporary.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW));
  if (!fd) return ErrnoError("creating " + temporary, errno);
  TELLTALE_TRY(WriteAll(fd.get(), text, temporary));
  if (disk_.Sync(fd.get()) != 0) return ErrnoError("syncing " + temporary, errno);
  if (disk_.Rename(temporary.c_str(), path_.c_str()) != 0) {
    return ErrnoError("renaming " + temporary + " to " + path_, errno);
  }
  const UniqueFd folder(disk_.Open(folder_.c_str(), O_RDONLY | O_DIRECTORY));
  if (!folder) return ErrnoError("opening " + folder_, errno);
  // Some file systems cannot sync a folder and say EINVAL; they have nothing to lose then.
  if (disk_.Sync(folder.get()) != 0 && errno != EINVAL) {
    return ErrnoError("syncing " + folder_, errno);
  }
  fd_ = std::move(fd);
  return {};
}

Status JournalFile::Append(std::string_view records) {
  Status written = WriteAll(fd_.get(), records, path_);
  if (!written.ok()) fd_ = UniqueFd();
  return written;
}

Status JournalFile::Sync() {
  if (disk_.Sync(fd_.get()) == 0) return {};
  Error error = ErrnoError("syncing " + path_, errno);
  fd_ = UniqueFd();
  return error;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "examples/shop/app/shop_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/log.h"

namespace shop {
namespace {

// A log must not stop the shop: what cannot be written now is not written.
void WriteAll(int fd, const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = write(fd, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

ShopLog::ShopLog(std::string path) : path_(std::move(path)) {}

bool ShopLog::FileIsStillThere() const {
  struct stat open{}, named{};
  return file_ && fstat(file_.get(), &open) == 0 && stat(path_.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void ShopLog::Open() {
  std::error_code ignored;  // opening says what is wrong
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  // O_APPEND: after a truncation the next line goes to the start, not to where the last one ended.
  file_ = telltale::UniqueFd(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file_ && !complained_) {
    telltale::LogWarn("the log goes to stdout only",
                      {{"error", telltale::ErrnoError("opening " + path_, errno).message}});
  }
  complained_ = !file_;
}

void ShopLog::Write(const std::string& text, std::time_t now) {
  std::tm local{};
  localtime_r(&now, &local);
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S ", &local);
  const std::string line = time + text + "\n";  // whole lines, so that no reader sees half of one
  WriteAll(STDOUT_FILENO, line);
  if (path_.empty()) return;
  if (!FileIsStillThere()) Open();
  if (file_) WriteAll(file_.get(), line);
}

}  // namespace shop

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/gzip_reader.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "common/base/files.h"

namespace telltale {
namespace {

constexpr int kGzipWindow = 15 + 16;  // 32 KiB, and a gzip header
constexpr std::size_t kInput = 32 << 10;
// A reader goes back by at most its buffer, so these copies reach back far enough.
constexpr std::uint64_t kCopyEvery = 256 << 10;
constexpr std::size_t kCopies = 5, kHead = 256;
// Assumed to follow where the trailer said the end was and it is not there: members in a row.
constexpr std::uint64_t kMoreThanSaid = 64 << 20;

// Where in the file and in its content a decoder stands.
struct Inflater {
  z_stream z{};
  std::uint64_t in = 0, out = 0;

  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&z); }
};

std::unique_ptr<Inflater> CopyOf(Inflater& from) {
  auto copy = std::make_unique<Inflater>();
  if (inflateCopy(&copy->z, &from.z) != Z_OK) return nullptr;
  copy->in = from.in - from.z.avail_in;
  copy->out = from.out;
  copy->z.avail_in = 0;  // its input is read again
  return copy;
}

Result<std::size_t> Pread(int fd, void* data, std::size_t size, std::uint64_t offset) {
  while (true) {
    ssize_t n = pread(fd, data, size, static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return ErrnoError("reading", errno);
  }
}

}  // namespace

class GzipReader::Impl {
 public:
  explicit Impl(int fd) : fd_(fd) {
    struct stat info;
    std::array<unsigned char, 4> trailer;
    if (fstat(fd, &info) != 0 || info.st_size < 18) return;
    auto n = Pread(fd, trailer.data(), 4, static_cast<std::uint64_t>(info.st_size) - 4);
    if (!n || *n != 4) return;
    for (unsigned i = 0; i < 4; ++i) said_ |= std::uint64_t{trailer[i]} << (8 * i);
  }

  Result<std::size_t> ReadAt(char* data, std::size_t size, std::uint64_t offset) {
    if (ended_ && offset >= end_) return std::size_t{0};
    if (offset + size <= head_.size()) {
      std::memcpy(data, head_.data() + offset, size);
      return size;
    }
    TELLTALE_TRY(Seek(offset));
    while (now_->out < offset) {
      std::array<char, 16 << 10> passed;
      auto n = Decode(passed.data(), std::min<std::uint64_t>(passed.size(), offset - now_->out));
      if (!n || *n == 0) return n;
    }
    return Decode(data, size);
  }

  std::uint64_t Size() {
    // Whether anything follows what the trailer said, only one more read tells.
    char next;
    if (!ended_ && reached_ >= said_) static_cast<void>(ReadAt(&next, 1, reached_));
    if (ended_) return end_;
    if (reached_ >= said_) said_ = reached_ + kMoreThanSaid;
    return said_;
  }
  bool damaged() const { return damaged_; }
  void Release() {
    copies_.clear();
    now_.reset();
    input_.reset();
  }

 private:
  // Puts the decoder at or before `offset`.
  Status Seek(std::uint64_t offset) {
    if (now_ && now_->out <= offset) return {};
    now_.reset();
    while (!copies_.empty() && copies_.back()->out > offset) copies_.pop_back();
    if (!copies_.empty()) now_ = CopyOf(*copies_.back());
    if (now_) return {};
    now_ = std::make_unique<Inflater>();
    if (inflateInit2(&now_->z, kGzipWindow) == Z_OK) return {};
    now_.reset();
    return Fail(Code::kUnavailable, "there is no memory to read a compressed file");
  }

  // The next bytes; 0 at the end.
  Result<std::size_t> Decode(char* data, std::size_t size) {
    if (!input_) input_ = std::make_unique_for_overwrite<unsigned char[]>(kInput);
    z_stream& z = now_->z;
    z.next_out = reinterpret_cast<Bytef*>(data);
    z.avail_out = static_cast<uInt>(size);
    bool all_read = false;
    while (z.avail_out == size) {
      if (z.avail_in == 0) {
        auto n = Pread(fd_, input_.get(), kInput, now_->in);
        if (!n) return n.error();
        all_read = *n == 0;  // but zlib may still hold content that had no room
        z.next_in = input_.get();
        z.avail_in = static_cast<uInt>(*n);
        now_->in += *n;
      }
      int result = inflate(&z, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        std::size_t got = size - z.avail_out;
        if (!NextMember() && got == 0) return End(false);
        if (got > 0) break;
        continue;
      }
      if (all_read && z.avail_out == size) return End(true);
      if (result != Z_OK && result != Z_BUF_ERROR && z.avail_out == size) return End(true);
      if (result != Z_OK && result != Z_BUF_ERROR) break;
    }
    return Got(data, size - z.avail_out);
  }

  // What follows a member is another one, or padding that gzip ignores.
  bool NextMember() {
    std::array<unsigned char, 2> magic{};
    std::uint64_t at = now_->in - now_->z.avail_in;
    auto n = Pread(fd_, magic.data(), magic.size(), at);
    bool more = n && *n == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    if (more) {
      inflateReset(&now_->z);
    } else {
      finished_ = true;
    }
    return more;
  }

  std::size_t Got(const char* data, std::size_t n) {
    if (now_->out == head_.size() && head_.size() < kHead) {
      head_.append(data, std::min(n, kHead - head_.size()));
    }
    now_->out += n;
    reached_ = std::max(reached_, now_->out);
    std::uint64_t last = copies_.empty() ? 0 : copies_.back()->out;
    if (now_->out >= last + kCopyEvery) {
      if (auto copy = CopyOf(*now_)) copies_.push_back(std::move(copy));
      if (copies_.size() > kCopies) copies_.pop_front();
    }
    return n;
  }

  std::size_t End(bool damaged) {
    ended_ = true;
    damaged_ = damaged && !finished_;
    end_ = now_->out;
    return 0;
  }

  int fd_;
  std::uint64_t said_ = 0;     // by the trailer; at most what it can say of more than 4 GiB
  std::uint64_t reached_ = 0;  // the farthest place that was decoded
  bool ended_ = false, damaged_ = false, finished_ = false;
  std::uint64_t end_ = 0;
  std::string head_;
  std::unique_ptr<unsigned char[]> input_;
  std::unique_ptr<Inflater> now_;
  std::deque<std::unique_ptr<Inflater>> copies_;
};

GzipReader::GzipReader(int fd) : impl_(std::make_unique<Impl>(fd)) {}
GzipReader::~GzipReader() = default;

Result<std::size_t> GzipReader::ReadAt(char* data, std::size_t size, std::uint64_t offset) {
  return impl_->ReadAt(data, size, offset);
}
std::uint64_t GzipReader::Size() { return impl_->Size(); }
bool GzipReader::damaged() const { return impl_->damaged(); }
void GzipReader::Release() { impl_->Release(); }

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// While it lives, modes of files bind this thread although it is root: it lacks CAP_DAC_OVERRIDE
// and CAP_DAC_READ_SEARCH.
#pragma once

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace telltale {

class Unprivileged {
 public:
  explicit Unprivileged(bool wanted) : active_(wanted && Get(before_)) {
    if (!active_) return;
    auto less = before_;
    less[0].effective &= ~((1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH));
    active_ = Set(less);
  }
  ~Unprivileged() {
    if (active_) Set(before_);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  using Sets = std::array<__user_cap_data_struct, 2>;
  static __user_cap_header_struct Header() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }
  static bool Get(Sets& sets) {
    auto header = Header();
    return ::syscall(SYS_capget, &header, sets.data()) == 0;
  }
  static bool Set(const Sets& sets) {
    auto header = Header();
    return ::syscall(SYS_capset, &header, sets.data()) == 0;
  }

  Sets before_{};
  bool active_;
};

}  // namespace telltale

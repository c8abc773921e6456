// SPDX-License-Identifier: Apache-2.0
//
// Tells systemd, or another supervisor that speaks its protocol (sd_notify(3)), how the process
// does: ready, reloading, stopping, and that its main loop still turns. Without a supervisor
// ($NOTIFY_SOCKET is not set) nothing is said. Owned by App; used by the main loop's thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/files.h"

namespace telltale {

class ServiceManager {
 public:
  // Says nothing.
  ServiceManager() = default;
  // What the environment names: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. A socket that
  // cannot be reached is logged and left out.
  static ServiceManager FromEnvironment(Clock& clock);

  // `status` is what `systemctl status` shows.
  void Ready(std::string_view status);
  // Ready comes behind it.
  void Reloading();
  void Stopping();

  // When StillAlive is due, at half of the supervisor's patience; never without a watchdog.
  SteadyTime NextSign() const { return next_sign_; }
  void StillAlive(SteadyTime now);

 private:
  void Say(const std::string& text);

  UniqueFd socket_;  // connected
  std::chrono::nanoseconds every_{0};
  SteadyTime next_sign_ = SteadyTime::max();
};

}  // namespace telltale

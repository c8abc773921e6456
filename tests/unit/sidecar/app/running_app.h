// SPDX-License-Identifier: Apache-2.0
//
// A whole sidecar in a thread of this process, on loopback ports that the system chose; started and
// stopped as often as a test wants.
#pragma once

#include <sys/eventfd.h>

#include <optional>
#include <string>
#include <thread>

#include "common/base/files.h"
#include "sidecar/app/app.h"

namespace telltale {

class RunningApp {
 public:
  ~RunningApp() { Stop(); }

  Status Start(const SidecarOptions& options, const PodInfo& pod,
               const std::string& listen = "127.0.0.1:0") {
    app_.emplace(options, pod, listen, "9.9.9", RealClock());
    TELLTALE_TRY(app_->Start());
    loop_ = std::thread([this] { app_->Run(stop_.get(), reload_.get()); });
    return {};
  }
  void Stop() {
    if (!loop_.joinable()) return;
    eventfd_write(stop_.get(), 1);
    loop_.join();
    eventfd_t count;
    eventfd_read(stop_.get(), &count);
  }
  void Reload() { eventfd_write(reload_.get(), 1); }  // as SIGHUP does
  std::uint16_t port() const { return app_->port(); }

 private:
  UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
  UniqueFd reload_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<App> app_;
  std::thread loop_;
};

}  // namespace telltale

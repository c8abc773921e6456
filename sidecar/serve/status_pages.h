// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's HTTP pages: /metrics for Prometheus, in the format and within the time that it asks
// for, and below it pushes; /healthz and /readyz for the kubelet, and / for a person who opens the
// port in a browser. sidecar/app gives Handle to the HttpServer, whose
// thread calls it; SetState is called from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "common/net/http/http.h"
#include "sidecar/push/push_handler.h"

namespace telltale {

class StatusPages {
 public:
  enum class State { kStarting, kReady, kStopping };

  StatusPages(PushHandler& push, std::string version);

  HttpResponse Handle(const HttpRequest& request);
  void SetState(State state) { state_.store(state, std::memory_order_relaxed); }

 private:
  HttpResponse Metrics(const HttpRequest& request);
  HttpResponse Ready() const;
  HttpResponse Landing() const;

  PushHandler& push_;
  const std::string version_;
  std::atomic<State> state_{State::kStarting};
  std::size_t last_size_ = 4096;  // of /metrics; the server's thread only
};

}  // namespace telltale

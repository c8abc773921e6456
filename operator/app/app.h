// SPDX-License-Identifier: Apache-2.0
//
// The operator's composition root: a Core over real transports, and around it the servers, the
// question to Prometheus and the webhook's certificates. Threads: those of Core, one each for the
// Prometheus poller and the webhook authority, one io thread per server. main calls Start, waits
// for a signal, calls Drain and Stop.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "operator/app/options.h"

namespace telltale {

class App {
 public:
  explicit App(OperatorOptions options);
  ~App();
  Status Start();
  // Refuses readiness, ends the writing and frees the lease. What is served goes on to follow the
  // cluster: Services take a moment to leave a replica out, and it must not tell of a cluster that
  // was.
  void Drain();
  // Drain, then lets requests in flight end and stops every thread.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The operator's composition root: the one place that knows every part, makes the threads and ends
// them. Threads: one per watch, planner, writer, Prometheus poller, webhook authority, one io
// thread per server. main calls Start, waits for a signal, calls Stop.
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
  // Refuses readiness, lets requests in flight end, stops every thread.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale

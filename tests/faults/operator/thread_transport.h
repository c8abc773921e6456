// SPDX-License-Identifier: Apache-2.0
//
// ThreadTransport: the way from real threads straight to a FakeCluster, without sockets, so that a
// race detector sees our code and nothing else. Streams break now and then. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "operator/kube/client/transport.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/faults/seeded.h"

namespace telltale::faults {

class ThreadTransport final : public HttpTransport {
 public:
  ThreadTransport(FakeCluster& cluster, std::uint64_t seed);
  ~ThreadTransport() override;

  void SetFaults(bool on) { faults_ = on; }
  Result<ApiResponse> Call(const ApiRequest& request) override;
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override;
  void Cancel() override;

 private:
  bool Unlucky(int once_in);

  FakeCluster& cluster_;
  std::atomic<bool> faults_{true};
  int listener_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seeded random_;              // guarded by mutex_
  std::uint64_t changes_ = 0;  // guarded by mutex_
  bool cancelled_ = false;     // guarded by mutex_
};

}  // namespace telltale::faults

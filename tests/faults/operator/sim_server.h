// SPDX-License-Identifier: Apache-2.0
//
// SimServer: the FakeCluster behind a network that a FaultPlan spoils, in simulated time, with a
// log of every request for the oracles. SimTransport: one connection pool of one operator process
// to it; what blocks in life parks its task here. One thread at a time (scheduler.h).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/client/transport.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/faults/operator/fault_plan.h"
#include "tests/faults/operator/scheduler.h"

namespace telltale::faults {

// One request as the server's access log has it.
struct Seen {
  enum class Kind { kList, kWatchList, kWatch, kGet, kWrite, kLease };
  SteadyTime time;
  int process = 0;
  Kind kind = Kind::kGet;
  std::string method, path;
  bool first_page = true;  // of a list
  bool probe = false;      // a list of one object: has the server gone back in time?
  Fault::Kind fault = Fault::Kind::kNone;
  int status = 0;                        // 0: no answer
  std::string holder;                    // writes: of the lease when it came; empty: nobody
  std::chrono::milliseconds timeout{0};  // that the client waits at most
  int lines = 0;                         // watch events that were delivered
  bool relist = false;                   // what happened here entitles the client to one more list
  SteadyTime ended;
};

// The status that the plans of Theme::kKeyRefused are about.
inline constexpr std::string_view kRefusedStatus = "/namespaces/rock/monitoringtargets/rock/status";

class SimServer {
 public:
  SimServer(Scheduler& scheduler, FakeCluster& cluster, FaultPlan* plan, std::uint64_t seed);
  ~SimServer();

  void SetFaults(bool on) { faults_ = on; }
  // All connections break, and until then none is taken.
  void GoDown(Scheduler::Millis duration);
  bool down() const { return scheduler_.Now() < down_until_; }
  int generation() const { return generation_; }

  std::string LeaseHolder() const;

  Fault ForStream() { return faults_ && plan_ != nullptr ? plan_->ForStream() : Fault(); }
  Fault ForCall(const ApiRequest& request);

  Scheduler& scheduler() { return scheduler_; }
  FakeCluster& cluster() { return cluster_; }
  Seeded& random() { return random_; }
  std::vector<Seen>& log() { return log_; }
  // Streams that wait for the next event; woken when the cluster changes.
  std::map<int, Scheduler::Task*>& waiting() { return waiting_; }

 private:
  bool RefusedForLong(const ApiRequest& request) const;

  Scheduler& scheduler_;
  FakeCluster& cluster_;
  FaultPlan* plan_;
  Seeded random_;
  bool faults_ = false;
  int generation_ = 0;
  SteadyTime down_until_{};
  std::vector<Seen> log_;
  std::map<int, Scheduler::Task*> waiting_;  // by number: an order that is always the same
  int listener_ = 0;
};

// What the process does when the server has one of its writes: it may be told to die.
enum class WriteFate { kLive, kDieBefore, kDieAfter };

class SimTransport final : public HttpTransport {
 public:
  struct Hooks {
    std::function<WriteFate()> write = [] { return WriteFate::kLive; };
    std::function<void()> die = [] {};
    std::function<void()> poke = [] {};  // something was answered: look whether there is work
  };
  SimTransport(SimServer& server, int process, Hooks hooks)
      : server_(server), process_(process), hooks_(std::move(hooks)) {}

  Result<ApiResponse> Call(const ApiRequest& request) override;
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override;
  void Cancel() override { cancelled_ = true; }

 private:
  struct Delivery;
  class WatchFaults;
  bool Ended() const { return cancelled_ || server_.scheduler().Dead(process_); }
  // Waits as the network does; false when the process is to end.
  bool Latency(int low_ms, int high_ms);
  Result<ApiResponse> StreamList(const ApiRequest& request, Delivery& out, std::size_t seen);
  Result<ApiResponse> StreamWatch(const ApiRequest& request, Delivery& out, std::size_t seen);
  bool AwaitChange(SteadyTime latest);
  Result<ApiResponse> Stall(const ApiRequest& request);
  std::size_t Log(const ApiRequest& request);
  Seen& At(std::size_t index) { return server_.log()[index]; }

  SimServer& server_;
  const int process_;
  const Hooks hooks_;
  bool cancelled_ = false;
};

}  // namespace telltale::faults

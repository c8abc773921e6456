// SPDX-License-Identifier: Apache-2.0
//
// CoreProcess: one operator process of a simulation: a Core, the tasks that run it, and its death.
// Every document it publishes is shown to an observer. Used by core_simulation_test; one thread at
// a time (scheduler.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/app/core.h"
#include "tests/faults/operator/sim_server.h"

namespace telltale::faults {

std::string TextOf(const BodyPieces& pieces);

class CoreProcess {
 public:
  struct Options {
    int id = 0;  // its group of tasks; never used again
    std::uint64_t seed = 0;
    bool elect = false;
    bool older = false;  // an operator of the release before, which writes other configuration
    int die_after_writes = 0;  // 0: never
    bool die_before_applied = false;
    std::function<void(const std::string& document)> published = [](const std::string&) {};
    std::function<void()> died = [] {};
  };
  CoreProcess(SimServer& server, FakeClock& clock, Options options);
  ~CoreProcess();  // kills it

  void Kill();
  bool alive() const { return !server_.scheduler().Dead(options_.id); }
  int id() const { return options_.id; }
  // The list that is served; empty when there is none.
  std::string Served() const;
  Core& core() { return *core_; }

 private:
  using Millis = std::chrono::milliseconds;
  CoreOptions MakeOptions();
  SimTransport::Hooks MakeHooks();
  void SpawnReflectors();
  // A task that calls `step` whenever it may have something to do. `step` says when to look again.
  void SpawnStepper(const std::string& name, int slowest_ms, std::function<SteadyTime()> step);
  SteadyTime StepPublisher();
  SteadyTime StepController(Controller& controller);
  SteadyTime StepLeadership();
  SteadyTime StepEvents();
  void Poke();

  SimServer& server_;
  FakeClock& clock_;
  const Options options_;
  Seeded random_;
  Registry registry_;
  SimTransport reads_, writes_, lease_;
  std::unique_ptr<Core> core_;
  struct Stepper {
    Scheduler::Task* task;
    int slowest_ms;
  };
  std::vector<Stepper> steppers_;
  std::shared_ptr<const Document> seen_;
  int written_ = 0;
  int in_hand_ = 0;  // keys that are being reconciled
};

}  // namespace telltale::faults

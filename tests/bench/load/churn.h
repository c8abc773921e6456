// SPDX-License-Identifier: Apache-2.0
//
// The load: rolling replacement, one event after the other at a fixed rate. Some two thousand pods
// are in the middle of their lives at any time and take their next step in any order (of
// Deployments: the new one comes under a new name and the old one goes when the new one is ready;
// of StatefulSets: it goes and comes back under its name with a new uid), and one event in six is a
// change of status that no target depends on. Owned by main; Run is called on its thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <unordered_set>
#include <vector>

#include "tests/bench/load/markers.h"
#include "tests/bench/load/pod_table.h"

namespace telltale::bench {

struct ChurnReport {
  std::uint64_t events = 0;
  double seconds = 0;
  double worst_lag_ms = 0;  // of the generator behind its own schedule
};

class Churn {
 public:
  // After the table was filled: of few pods, a fifth are on their way.
  Churn(PodTable& table, Markers& markers)
      : table_(table), markers_(markers), most_lives_(std::min(kLives, table.slots() / 5)) {}

  ChurnReport Run(double rate, double seconds);
  // Finishes every life that has begun, so that all pods are ready.
  ChurnReport Drain(double rate);

 private:
  // One replacement on its way. `next` counts its steps.
  struct Life {
    PodFill old;
    std::uint32_t old_slot = 0, new_slot = 0;
    int next = 0;
  };

  ChurnReport Pace(double rate, double seconds);
  bool OneEvent();
  void Begin(bool marker);
  void Step(Life& life);
  void Create(Life& life);
  void Set(std::uint32_t slot, Phase phase);
  void Remove(std::uint32_t slot);
  void Touch();

  static constexpr std::uint32_t kLives = 2000;
  static constexpr std::size_t kMarkerLives = 16;

  PodTable& table_;
  Markers& markers_;
  const std::size_t most_lives_;
  std::mt19937 random_{4};
  std::vector<Life> lives_;
  std::unordered_set<std::uint32_t> busy_;  // slots in a life
  std::size_t marker_lives_ = 0;
  std::vector<std::uint32_t> replaced_;  // by app: how many of its pods were replaced so far
  std::uint64_t count_ = 0;
  bool draining_ = false;
};

}  // namespace telltale::bench

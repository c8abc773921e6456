// SPDX-License-Identifier: Apache-2.0
//
// The business: customers come, wait, pay and empty the shelves. The same seed gives the same
// course of events. Step is called ten times a second by one thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "examples/shop/app/shop_metrics.h"

namespace shop {

class Simulation {
 public:
  Simulation(Metrics& metrics, std::uint32_t seed);

  void Step();

 private:
  struct Shelf {
    prometheus::Gauge* gauge = nullptr;
    int pieces = 0;
  };
  void CustomersArrive();
  void CustomersPay();
  void RequestsAreAnswered();
  int Pick(int low, int high);    // each as likely as the others
  double Around(double typical);  // most are near it, a few are long

  Metrics& metrics_;
  std::mt19937 random_;
  std::vector<Shelf> shelves_;
  std::uint64_t step_ = 0;
  int waiting_ = 0;
};

}  // namespace shop

// SPDX-License-Identifier: Apache-2.0
#include "examples/shop/app/simulation.h"

#include <algorithm>
#include <cmath>

namespace shop {
namespace {

constexpr int kFullShelf = 200;

struct Handler {
  const char* name;
  const char* method;
  double typical_seconds;
  int failures_in_1000;
};
constexpr Handler kHandlers[] = {
    {"catalogue", "GET", 0.004, 2},
    {"basket", "POST", 0.012, 5},
    {"checkout", "POST", 0.120, 20},
};

}  // namespace

Simulation::Simulation(Metrics& metrics, std::uint32_t seed) : metrics_(metrics), random_(seed) {
  for (const char* product : {"apples", "bread", "coffee"}) {
    for (const char* warehouse : {"north", "south"}) {
      Shelf shelf{&metrics_.Stock(product, warehouse), kFullShelf};
      shelf.gauge->Set(shelf.pieces);
      shelves_.push_back(shelf);
    }
  }
}

int Simulation::Pick(int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random_);
}

double Simulation::Around(double typical) {
  return std::lognormal_distribution<double>(std::log(typical), 0.6)(random_);
}

// A wave of two minutes, so that a graph has something to show.
void Simulation::CustomersArrive() {
  const double wave = 1 + 0.8 * std::sin(static_cast<double>(step_) * 2 * M_PI / 1200);
  waiting_ += std::poisson_distribution<int>(0.45 * wave)(random_);
}

void Simulation::CustomersPay() {
  const int paying = std::min(waiting_, Pick(0, 1));
  for (int i = 0; i < paying; ++i) {
    metrics_.orders.Increment();
    metrics_.basket_value.Observe(std::round(Around(45)));
    metrics_.checkout_seconds.Observe(Around(1.5));
    Shelf& shelf =
        shelves_[static_cast<std::size_t>(Pick(0, static_cast<int>(shelves_.size()) - 1))];
    shelf.pieces -= Pick(1, 5);
    if (shelf.pieces <= 0) shelf.pieces = kFullShelf;  // the lorry came
    shelf.gauge->Set(shelf.pieces);
  }
  waiting_ -= paying;
  metrics_.queue_length.Set(waiting_);
}

void Simulation::RequestsAreAnswered() {
  for (const Handler& handler : kHandlers) {
    for (int requests = Pick(0, 2); requests > 0; --requests) {
      const bool failed = Pick(1, 1000) <= handler.failures_in_1000;
      const bool timeout = failed && Pick(1, 2) == 1;
      metrics_.HttpRequestDone(handler.name, handler.method, failed ? (timeout ? 504 : 500) : 200,
                               timeout ? 5 : Around(handler.typical_seconds),
                               failed ? (timeout ? "timeout" : "database") : "");
    }
  }
}

void Simulation::Step() {
  ++step_;
  CustomersArrive();
  CustomersPay();
  RequestsAreAnswered();
}

}  // namespace shop

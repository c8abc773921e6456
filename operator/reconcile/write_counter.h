// SPDX-License-Identifier: Apache-2.0
//
// telltale_writes_total{kind,result}: what the reconcilers wrote to the API. Thread-safe.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/metrics/registry.h"

namespace telltale {

class WriteCounter {
 public:
  WriteCounter(Registry& registry, std::string_view kind);
  void Count(const Status& status);

 private:
  Counter& success_;
  Counter& error_;
};

}  // namespace telltale

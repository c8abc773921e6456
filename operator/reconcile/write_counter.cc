// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/write_counter.h"

#include <string>

namespace telltale {
namespace {

Counter& CounterOf(Registry& registry, std::string_view kind, const char* result) {
  return registry.AddCounter("telltale_writes_total",
                             "Writes to the Kubernetes API by kind and result.",
                             {{"kind", std::string(kind)}, {"result", result}});
}

}  // namespace

WriteCounter::WriteCounter(Registry& registry, std::string_view kind)
    : success_(CounterOf(registry, kind, "success")), error_(CounterOf(registry, kind, "error")) {}

void WriteCounter::Count(const Status& status) { (status.ok() ? success_ : error_).Add(); }

}  // namespace telltale

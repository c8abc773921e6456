// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/collector.h"

namespace telltale {
namespace {

// An explicit table, because the linker drops objects of a static library that only register
// themselves.
constexpr CollectorEntry kCollectors[] = {
    {"filesystem", MakeFilesystemCollector}, {"http", MakeHttpCollector},
    {"network", MakeNetworkCollector},       {"process", MakeProcessCollector},
    {"textfile", MakeTextfileCollector},
};

}  // namespace

std::span<const CollectorEntry> AllCollectors() { return kCollectors; }

}  // namespace telltale

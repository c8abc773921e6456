// SPDX-License-Identifier: Apache-2.0
//
// Families of files as text 0.0.4, behind the registry's page. Pure.
#pragma once

#include <string>

#include "sidecar/collect/textfile_scan.h"

namespace telltale {

// Appends the families of which `page` has none of the same name: Prometheus takes each name once.
void AppendTextfiles(const TextfilePage& files, std::string& page);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Lets files have been made and changed at simulated times. The time of a change can be set; that
// of birth cannot, so this program has a statx of its own, in front of the C library's, that says
// of the files noted here when they were made. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

namespace telltale::faults {

void SetFileTimes(int fd, bool created, std::int64_t nanos);
void SetFolderTime(const std::string& folder, std::int64_t nanos);
void ForgetFileTimes();

}  // namespace telltale::faults

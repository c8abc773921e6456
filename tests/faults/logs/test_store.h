// SPDX-License-Identifier: Apache-2.0
//
// The real log store at the end of a plan with processes: Loki or VictoriaLogs, how it is pushed to
// and how it is read back. TELLTALE_TEST_STORE says which (loki, victorialogs), TELLTALE_TEST_LOKI
// its URL; test_log_process.py sets them. Thread-safe, because it is only a value.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/net/http/http.h"
#include "tests/faults/logs/log_oracle.h"

namespace telltale::faults {

struct TestStore {
  std::string url;  // empty when no store was named
  bool victoria_logs = false;

  static TestStore FromEnvironment();

  std::string PushTarget() const;
  Result<HttpResponse> Ask(const HttpRequest& request) const;
  // All lines of the streams with the label plan="...", by time. False when it did not answer.
  bool ReadBack(const std::string& plan, Delivered& out) const;
};

// Removes entries that are there twice with one time and one text, which only a repeated push can
// bring, and says how many these were. Loki drops or refuses a repeat, VictoriaLogs stores it.
std::uint64_t DropRepeats(Delivered& delivered);

}  // namespace telltale::faults

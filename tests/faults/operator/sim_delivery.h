// SPDX-License-Identifier: Apache-2.0
//
// What calls, lists and watches of SimTransport share. Internal to sim_server.cc and sim_watch.cc.
#pragma once

#include <string>
#include <string_view>

#include "tests/faults/operator/sim_server.h"

namespace telltale::faults {

std::string StatusJson(int code);
ApiResponse Refusal(int status, int retry_after);

inline Error Broken(std::string_view what) { return Fail(Code::kUnavailable, std::string(what)); }

inline bool Has(const std::string& target, std::string_view part) {
  return target.find(part) != std::string::npos;
}

// Bytes on their way to the sink: cut into pieces, with the connection's fate.
struct SimTransport::Delivery {
  SimTransport& transport;
  FunctionRef<bool(std::string_view)> sink;
  bool drip;
  int generation;
  SteadyTime last{};  // when the last byte was given

  enum class End { kGoesOn, kLeft, kCut, kEnded };
  End Give(std::string_view bytes) {
    auto& server = transport.server_;
    int pieces = 0;
    while (!bytes.empty()) {
      const std::size_t most =
          drip ? static_cast<std::size_t>(server.random().Between(1, 40))
               : static_cast<std::size_t>(server.random().Between(200, 1 << 22));
      const std::string_view piece = bytes.substr(0, most);
      bytes.remove_prefix(piece.size());
      last = server.scheduler().Now();
      if (!sink(piece)) return End::kLeft;
      if (++pieces % 16 == 0 && !transport.Latency(1, 60)) return End::kEnded;
      if (server.generation() != generation) return End::kCut;
    }
    return End::kGoesOn;
  }
};

}  // namespace telltale::faults

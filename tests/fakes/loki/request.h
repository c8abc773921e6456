// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request of a client, read from its connection and decoded.
#pragma once

#include <string>

#include "tests/fakes/loki/push.h"
#include "tests/fakes/loki/socket.h"

namespace telltale {

// Waits for the next request. `buffer` keeps what came beyond it, for the next call on the same
// connection. False when the connection has ended.
bool ReadLokiRequest(LokiSocket& socket, std::string& buffer, LokiPush& push);

}  // namespace telltale

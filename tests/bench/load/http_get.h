// SPDX-License-Identifier: Apache-2.0
//
// One GET on loopback, on a connection of its own. Blocking; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace telltale::bench {

struct Page {
  bool ok = false;   // status 200
  std::string text;  // head and body
  std::chrono::steady_clock::time_point asked, first_byte;
};

// A connected socket, or -1. A small receive buffer keeps the server from sending what is not read.
int ConnectLoopback(std::uint16_t port, int receive_buffer = 0);

// Reads until the server closes, or until `enough` says so. HTTP/1.0, so that no server sends
// chunks, whose borders would lie anywhere.
Page Get(std::uint16_t port, const std::string& target, int receive_buffer,
         const std::function<bool(std::string_view)>& enough);

}  // namespace telltale::bench

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/request.h"

#include <algorithm>
#include <cctype>

namespace telltale {
namespace {

void DecodeHead(const std::string& head, LokiPush& push) {
  push.target = head.substr(0, head.find(" HTTP/"));
  for (std::size_t at = head.find("\r\n"); at < head.size();) {
    const std::size_t start = at + 2, end = std::min(head.find("\r\n", start), head.size());
    const std::size_t colon = head.find(':', start);
    at = end;
    if (colon >= end) continue;
    std::string name = head.substr(start, colon - start);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), end);
    push.headers[name] = head.substr(value, end - value);
  }
  push.content_type = push.Header("content-type");
  push.tenant = push.Header("x-scope-orgid");
}

}  // namespace

bool ReadLokiRequest(LokiSocket& socket, std::string& buffer, LokiPush& push) {
  std::size_t head = std::string::npos, length = 0;
  std::string chunk(65536, '\0');
  while (true) {
    if (head == std::string::npos && (head = buffer.find("\r\n\r\n")) != std::string::npos) {
      DecodeHead(buffer.substr(0, head), push);
      length = std::stoul("0" + push.Header("content-length"));
    }
    if (head != std::string::npos && buffer.size() >= head + 4 + length) break;
    const std::size_t n = socket.Read(chunk.data(), chunk.size());
    if (n == 0) return false;
    buffer.append(chunk, 0, n);
  }
  push.body = buffer.substr(head + 4, length);
  buffer.erase(0, head + 4 + length);
  push.time = std::chrono::steady_clock::now();
  DecodeLokiPush(push);
  return true;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "common/net/dns/host_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

namespace telltale {
namespace {

bool IsLiteral(const std::string& host) {
  in_addr v4;
  in6_addr v6;
  const std::string without_zone = host.substr(0, host.find('%'));
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 ||
         inet_pton(AF_INET6, without_zone.c_str(), &v6) == 1;
}

Result<std::vector<std::string>> Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    return Fail(Code::kUnavailable, "looking up host " + host + ": " + gai_strerror(error));
  }
  std::vector<std::string> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) {
      addresses.emplace_back(text);
    }
  }
  freeaddrinfo(list);
  if (addresses.empty()) return Fail(Code::kUnavailable, "host " + host + " has no address");
  return addresses;
}

}  // namespace

std::shared_ptr<HostLookup> HostLookup::Start(const std::string& host) {
  auto lookup = std::make_shared<HostLookup>();
  if (IsLiteral(host)) {
    lookup->Finish(std::vector<std::string>{host});
    return lookup;
  }
  try {
    std::thread([lookup, host] { lookup->Finish(Resolve(host)); }).detach();
  } catch (const std::system_error& error) {
    lookup->Finish(
        Fail(Code::kUnavailable, "looking up host " + host + ": no thread: " + error.what()));
  }
  return lookup;
}

void HostLookup::Finish(Result<std::vector<std::string>> answer) {
  MutexLock lock(mutex_);
  answer_ = std::move(answer);
  changed_.NotifyAll();
}

Result<std::vector<std::string>> HostLookup::Wait(SteadyTime deadline) {
  MutexLock lock(mutex_);
  changed_.WaitUntil(mutex_, deadline,
                     [this]() REQUIRES(mutex_) { return answer_ || interrupted_; });
  if (interrupted_) return Fail(Code::kCancelled, "the lookup was cancelled");
  if (!answer_) return Fail(Code::kTimeout, "looking up the host name took too long");
  return *answer_;
}

void HostLookup::Interrupt() {
  MutexLock lock(mutex_);
  interrupted_ = true;
  changed_.NotifyAll();
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/transport_error.h"

#include <cerrno>
#include <cstring>

namespace telltale {
namespace {

std::string Cannot(const std::string& server, std::string_view why) {
  return "cannot reach the API server " + server + ": " + std::string(why);
}

// The library turns "connection refused" into "no route to host" before we see it.
std::string_view ConnectReason(int system_error) {
  switch (system_error) {
    case ETIMEDOUT:
      return "it does not answer";
    case ENETUNREACH:
      return "the network is unreachable";
    default:
      return "connection refused";
  }
}

std::string ProxyReason(std::string_view what) {
  if (what.find("resolv") != std::string_view::npos && what.starts_with("Error")) {
    return "its proxy's host name does not resolve";
  }
  if (what.starts_with("Failed to connect")) return "its proxy accepts no connection";
  constexpr std::string_view kReceived = "received: ";
  if (const std::size_t at = what.find(kReceived); at != std::string_view::npos) {
    return "its proxy refused with HTTP " + std::string(what.substr(at + kReceived.size()));
  }
  return "its proxy does not answer as one";
}

}  // namespace

Error DescribeTransportError(const std::string& server, std::string_view what, int system_error,
                             std::string_view tls_reason) {
  if (what.find("proxy") != std::string_view::npos) {
    return Fail(Code::kUnavailable,
                Cannot(server, ProxyReason(what)) + "; is the kubeconfig's proxy-url right?");
  }
  if (what.starts_with("Failed to connect")) {
    return Fail(Code::kUnavailable, Cannot(server, ConnectReason(system_error)) +
                                        "; is it running and is --kubeconfig right?");
  }
  if (what.find("resolv") != std::string_view::npos) {
    return Fail(Code::kUnavailable,
                Cannot(server, "its host name does not resolve; is --kubeconfig right?"));
  }
  if (what.find("SSL handshake") != std::string_view::npos) {
    std::string why = "the TLS handshake failed";
    if (!tls_reason.empty()) why.append(" (").append(tls_reason).append(")");
    return Fail(Code::kUnavailable,
                Cannot(server, why + "; is certificate-authority the one that signed the server's "
                                     "certificate, and is this name in it?"));
  }
  if (what.find("status line") != std::string_view::npos) {
    return Fail(Code::kUnavailable,
                Cannot(server,
                       "it closed the connection without an answer; trying again helps "
                       "when it was restarting"));
  }
  if (what.find("response") != std::string_view::npos ||
      what.find("chunk") != std::string_view::npos) {
    return Fail(Code::kUnavailable,
                "the connection to the API server " + server + " broke in the middle of an answer");
  }
  std::string why(what);
  if (system_error != 0) why.append(" (").append(std::strerror(system_error)).append(")");
  return Fail(Code::kUnavailable, Cannot(server, why));
}

Error DescribeTimeout(const std::string& server, std::chrono::milliseconds limit, bool stream) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
  const std::string time = seconds > 0 ? std::to_string(seconds) + " s" : "a moment";
  return Fail(Code::kTimeout, "the API server " + server + (stream ? " was silent" : " took more") +
                                  (stream ? " for " : " than ") + time +
                                  (stream ? "; the connection is taken for dead" : " to answer"));
}

}  // namespace telltale

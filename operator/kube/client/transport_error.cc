// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/transport_error.h"

namespace telltale {
namespace {

std::string_view Advice(HttpStage stage, bool proxied) {
  switch (stage) {
    case HttpStage::kLookup:
    case HttpStage::kConnect:
      return proxied ? "is the kubeconfig's proxy-url right?"
                     : "is it running and is --kubeconfig right?";
    case HttpStage::kProxy:
      return "is the kubeconfig's proxy-url right?";
    case HttpStage::kTls:
      return "is certificate-authority the one that signed the server's certificate, and is this "
             "name in it?";
    case HttpStage::kRequest:
      return "trying again helps when it was restarting";
    case HttpStage::kAnswer:
      break;
  }
  return "";
}

}  // namespace

Error DescribeTransportError(const std::string& server, HttpStage stage, bool proxied,
                             const Error& error) {
  if (stage == HttpStage::kAnswer) {
    return Fail(error.code, "the connection to the API server " + server +
                                " broke in the middle of an answer: " + error.message);
  }
  std::string message = "cannot reach the API server " + server + ": " + error.message;
  // Before a request there is nobody who could be slow with its answer.
  const Code code = stage < HttpStage::kRequest ? Code::kUnavailable : error.code;
  return Fail(code, message.append("; ").append(Advice(stage, proxied)));
}

Error DescribeTimeout(const std::string& server, std::chrono::milliseconds limit, bool stream) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
  const std::string time = seconds > 0 ? std::to_string(seconds) + " s" : "a moment";
  return Fail(Code::kTimeout, "the API server " + server + (stream ? " was silent" : " took more") +
                                  (stream ? " for " : " than ") + time +
                                  (stream ? "; the connection is taken for dead" : " to answer"));
}

}  // namespace telltale

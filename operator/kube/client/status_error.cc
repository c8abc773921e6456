// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/status_error.h"

#include <string>

#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale {
namespace {

// Proxies in front of an API server answer with pages; one line of it is enough for a log.
constexpr std::size_t kMaxPlainText = 200;

constexpr std::string_view kExists = "the name exists already";

struct Answer {
  std::string reason, message;
};

Answer AnswerOf(const std::string& body) {
  Answer answer;
  JsonParser parser;
  const Status parsed = parser.Parse(body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "message") answer.message = value.String().value_or("");
      if (key == "reason") answer.reason = value.String().value_or("");
      return {};
    });
  });
  if (parsed.ok() && !answer.message.empty()) return answer;
  answer.message.clear();
  const std::string_view text = Trim(body);
  AppendValidUtf8(text.substr(0, text.find('\n')).substr(0, kMaxPlainText), answer.message);
  return answer;
}

std::string_view Outcome(Code code, int status, std::string_view reason) {
  if (status == 401) return "the API server does not accept our credentials";
  if (status == 409 && reason == "AlreadyExists") return kExists;
  switch (code) {
    case Code::kPermission:
      return "the API server does not allow it";
    case Code::kNotFound:
      return "the API server does not have it";
    case Code::kConflict:
      return "somebody else changed it first";
    case Code::kGone:
      return "the API server no longer keeps that version";
    case Code::kUnavailable:
      return "the API server cannot answer now";
    default:
      return "the API server refused it";
  }
}

}  // namespace

Code CodeOfHttpStatus(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kPermission;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 410:
      return Code::kGone;
    case 413:
      return Code::kTooLarge;
    case 429:
      return Code::kUnavailable;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInvalid;
  }
}

Error StatusError(std::string_view doing, const ApiResponse& response) {
  const Code code = CodeOfHttpStatus(response.status);
  const Answer answer = AnswerOf(response.body);
  std::string text(doing);
  text.append(": ").append(Outcome(code, response.status, answer.reason));
  if (!answer.message.empty()) text.append(": ").append(answer.message);
  text.append(" (HTTP ").append(std::to_string(response.status)).append(")");
  return Fail(code, std::move(text));
}

bool IsAlreadyExists(const Error& error) {
  return error.code == Code::kConflict && error.message.find(kExists) != std::string::npos;
}

}  // namespace telltale

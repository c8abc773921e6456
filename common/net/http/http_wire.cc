// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_wire.h"

#include <strings.h>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace telltale {
namespace {

// RFC 9110 §5.6.2.
bool IsToken(std::string_view text) {
  static constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kPunctuation.find(c) != std::string_view::npos;
  });
}

bool IsOneOf(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view other) {
    return name.size() == other.size() && strncasecmp(name.data(), other.data(), other.size()) == 0;
  });
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c);
  }
  out.append("\r\n");
}

bool HasNoContent(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

std::string ResponseHead(const HttpResponse& response, const ResponseHeadOptions& options) {
  // A status of three digits is all that the wire can carry.
  const int status = response.status < 100 || response.status > 999 ? 500 : response.status;
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.").append(options.version == 10 ? "0 " : "1 ");
  out.append(std::to_string(status)).append(" ").append(ReasonPhrase(status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (!IsToken(name)) continue;
    if (IsOneOf(name, {"Connection", "Content-Length", "Transfer-Encoding"})) continue;
    AppendHeader(name, value, out);
  }
  if (!HasNoContent(status)) {
    AppendHeader("Content-Length", std::to_string(response.content_length()), out);
  }
  if (!options.keep_alive) {
    AppendHeader("Connection", "close", out);
  } else if (options.version == 10) {
    AppendHeader("Connection", "keep-alive", out);
  }
  return out.append("\r\n");
}

Result<std::string> RequestHead(const HttpRequest& request, std::string_view host,
                                std::string_view user_agent, std::string_view origin) {
  if (!IsToken(request.method)) {
    return Fail(Code::kInvalid, "request method \"" + request.method + "\" is not an HTTP method");
  }
  const bool printable = std::all_of(request.target.begin(), request.target.end(),
                                     [](char c) { return c > ' ' && c != 0x7f; });
  if (request.target.empty() || request.target.front() != '/' || !printable) {
    return Fail(Code::kInvalid, "request target \"" + request.target +
                                    "\" must begin with / and be percent-encoded");
  }
  std::string out;
  out.reserve(256);
  out.append(request.method).append(" ").append(origin).append(request.target);
  out.append(" HTTP/1.1\r\n");
  AppendHeader("Host", host, out);
  AppendHeader("User-Agent", user_agent, out);
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return Fail(Code::kInvalid, "request header name \"" + name + "\" is bad");
    if (IsOneOf(name, {"Host", "User-Agent", "Content-Length", "Transfer-Encoding"})) continue;
    AppendHeader(name, value, out);
  }
  // Servers ask for a length on methods that usually have a body, also when it is empty.
  if (!request.body.empty() || IsOneOf(request.method, {"POST", "PUT", "PATCH"})) {
    AppendHeader("Content-Length", std::to_string(request.body.size()), out);
  }
  return out.append("\r\n");
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace telltale

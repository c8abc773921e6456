// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http.h"

#include <strings.h>

#include <cstddef>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/percent.h"

namespace telltale {
namespace {

HttpResponse TypedResponse(int status, std::string_view type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

const std::string* FindHeader(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
      return &value;
    }
  }
  return nullptr;
}

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

HttpResponse TextResponse(int status, std::string text) {
  return TypedResponse(status, "text/plain; charset=utf-8", std::move(text));
}

HttpResponse JsonResponse(int status, std::string json) {
  return TypedResponse(status, "application/json", std::move(json));
}

std::string QueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (FormDecode(pair.substr(0, equals)) == name) {
      return equals == std::string_view::npos ? std::string() : FormDecode(pair.substr(equals + 1));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return {};
}

std::string UrlEncode(std::string_view text) {
  constexpr std::string_view kMarks = "-._~";  // with letters and digits: the unreserved ones
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsLetterOrDigit(c) || kMarks.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kUpperHexDigits[byte >> 4]);
    out.push_back(kUpperHexDigits[byte & 15]);
  }
  return out;
}

}  // namespace telltale

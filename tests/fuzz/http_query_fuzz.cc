// SPDX-License-Identifier: Apache-2.0
//
// The target of a request: a line with a parameter's name, then the target. What is encoded is
// decoded to the same, and nothing that came in can end a line of what we write.
#include <string>

#include "common/base/check.h"
#include "common/net/http/http.h"
#include "common/net/http/http_wire.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

void CheckHead(std::string_view head, std::size_t most_lines) {
  TELLTALE_CHECK(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == head.size() - 4);
  std::size_t lines = 0;
  for (std::size_t at = 0; at < head.size(); ++at) {
    TELLTALE_CHECK((head[at] == '\r') == (at + 1 < head.size() && head[at + 1] == '\n'));
    if (head[at] == '\n') ++lines;
  }
  TELLTALE_CHECK(lines <= most_lines);
}

}  // namespace

void FuzzOne(std::string_view text) {
  const std::string name(TakeLine(text));
  HttpRequest request;
  request.target = text;
  TELLTALE_CHECK(request.path().size() + request.query().size() <= text.size());
  TELLTALE_CHECK(QueryParameter(request.query(), name).size() <= text.size());
  const std::string query = UrlEncode(name) + "=" + UrlEncode(text) + "&" + std::string(text);
  TELLTALE_CHECK(QueryParameter(query, name) == text);

  request.headers = {{"X-Value", std::string(text)}};
  const auto head = RequestHead(request, text, name);
  if (head.ok()) CheckHead(*head, 5);
  HttpResponse response = TextResponse(200, "");
  response.headers.emplace_back(name, text);
  CheckHead(ResponseHead(response, {}), 5);
}

}  // namespace telltale

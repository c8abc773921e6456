// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/server/request_parser.h"

#include <charconv>
#include <optional>

#include "common/base/strings.h"
#include "common/net/http/http.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxHead = 64 << 10;
constexpr std::size_t kMaxBody = 16 << 20;

bool SameText(std::string_view a, std::string_view b) {
  HttpHeaders one{{std::string(a), ""}};
  return FindHeader(one, b) != nullptr;  // compares without case
}

std::optional<std::size_t> Number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end || value > kMaxBody) return std::nullopt;
  return value;
}

// The end of a chunked body in `text`, its content appended to `out`.
ParseOutcome ReadChunks(std::string_view text, std::string& out, std::size_t& size) {
  std::size_t at = 0;
  while (true) {
    const std::size_t line = text.find("\r\n", at);
    if (line == text.npos) return ParseOutcome::kNeedMore;
    std::string_view length = text.substr(at, line - at);
    const auto count = Number(length.substr(0, length.find(';')), 16);
    if (!count || out.size() + *count > kMaxBody) return ParseOutcome::kBad;
    at = line + 2;
    if (text.size() < at + *count + 2) return ParseOutcome::kNeedMore;
    out += text.substr(at, *count);
    at += *count + 2;
    if (*count == 0) {
      size = at;
      return ParseOutcome::kDone;
    }
  }
}

bool ReadHead(std::string_view head, ParsedRequest& out, HttpHeaders& headers) {
  const auto lines = Split(head, '\n');
  const auto words = Split(Trim(lines[0]), ' ');
  if (words.size() != 3 || words[2].substr(0, 5) != "HTTP/") return false;
  out.request.method = words[0];
  out.request.target = words[1];
  out.keep_alive = words[2] != "HTTP/1.0";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string_view line = Trim(lines[i]);
    const std::size_t colon = line.find(':');
    if (line.empty()) continue;
    if (colon == line.npos) return false;
    headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }
  const auto text = [&](const char* name) {
    const std::string* found = FindHeader(headers, name);
    return found == nullptr ? std::string() : *found;
  };
  out.request.content_type = text("Content-Type");
  out.caller.user_agent = text("User-Agent");
  const std::string credentials = text("Authorization");
  if (credentials.size() > 7 && SameText(credentials.substr(0, 7), "bearer ")) {
    out.caller.token = Trim(std::string_view(credentials).substr(7));
  }
  if (SameText(text("Connection"), "close")) out.keep_alive = false;
  return true;
}

}  // namespace

ParseOutcome TakeRequest(std::string& buffer, ParsedRequest& out, bool& wants_continue) {
  const std::size_t end = buffer.find("\r\n\r\n");
  if (end == std::string::npos) {
    return buffer.size() > kMaxHead ? ParseOutcome::kBad : ParseOutcome::kNeedMore;
  }
  out = {};
  HttpHeaders headers;
  if (!ReadHead(std::string_view(buffer).substr(0, end), out, headers)) return ParseOutcome::kBad;
  const std::string_view rest = std::string_view(buffer).substr(end + 4);
  const std::string* coding = FindHeader(headers, "Transfer-Encoding");
  const std::string* length = FindHeader(headers, "Content-Length");
  std::size_t size = 0;
  ParseOutcome outcome = ParseOutcome::kDone;
  if (coding != nullptr && SameText(*coding, "chunked")) {
    outcome = ReadChunks(rest, out.request.body, size);
  } else if (length != nullptr) {
    const auto count = Number(*length, 10);
    if (!count) return ParseOutcome::kBad;
    size = *count;
    if (rest.size() < size) outcome = ParseOutcome::kNeedMore;
    out.request.body = rest.substr(0, size);
  }
  const std::string* expect = FindHeader(headers, "Expect");
  wants_continue = outcome == ParseOutcome::kNeedMore && expect != nullptr;
  if (outcome == ParseOutcome::kDone) buffer.erase(0, end + 4 + size);
  return outcome;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/list_pager.h"

#include "common/net/http.h"
#include "operator/kube/client/status_error.h"
#include "operator/kube/watch/list_splitter.h"
#include "operator/kube/watch/watch_event.h"

namespace telltale {
namespace {

constexpr std::string_view kPage = "limit=500";
// Far above etcd's limit of 1.5 MiB for one object.
constexpr std::size_t kMaxObject = 16u << 20;
// The API server itself gives up on a list after 60 s.
constexpr std::chrono::seconds kLongestSilence{60};

Status ReadPage(HttpTransport& transport, JsonParser& parser, const std::string& target,
                FunctionRef<void(std::string_view)> item, ListMeta& meta, int& retry_after) {
  const std::string doing = "GET " + target.substr(0, target.find('?'));
  ApiRequest request;
  request.target = target;
  request.timeout = kLongestSilence;
  ListSplitter splitter(kMaxObject);
  Status fed;
  auto response = transport.Stream(request, [&](std::string_view piece) {
    fed = splitter.Feed(piece, item);
    return fed.ok();
  });
  if (!response.ok()) return response.error();
  retry_after = response->retry_after_seconds;
  if (response->status != 200) return StatusError(doing, *response);
  if (!fed.ok()) return Context(doing, fed.error());
  if (!splitter.complete()) return Fail(Code::kUnavailable, doing + ": the answer was cut short");
  meta = {};
  if (!splitter.metadata().empty()) {
    if (Status read = DecodeListMeta(parser, splitter.metadata(), meta); !read.ok()) {
      return Context(doing + ": metadata of the list", read.error());
    }
  }
  if (!meta.resource_version.empty()) return {};
  return Fail(Code::kInvalid, doing + ": the list has no resourceVersion to watch from");
}

}  // namespace

std::string CollectionTarget(const std::string& collection, std::string_view query,
                             const std::string& selector) {
  std::string target = collection;
  for (const std::string_view part : {query, std::string_view(selector)}) {
    if (part.empty()) continue;
    target.append(target.find('?') == std::string::npos ? "?" : "&").append(part);
  }
  return target;
}

ListOutcome ListCollection(HttpTransport& transport, JsonParser& parser,
                           const std::string& collection, const std::string& selector, bool paged,
                           FunctionRef<void(std::string_view)> item) {
  ListOutcome outcome;
  ListMeta meta;
  do {
    std::string query(paged ? kPage : "");
    if (!meta.continue_token.empty()) query.append("&continue=" + UrlEncode(meta.continue_token));
    outcome.status = ReadPage(transport, parser, CollectionTarget(collection, query, selector),
                              item, meta, outcome.retry_after_seconds);
    if (!outcome.status.ok()) return outcome;
    ++outcome.pages;
    outcome.resource_version = meta.resource_version;
  } while (!meta.continue_token.empty());
  return outcome;
}

}  // namespace telltale

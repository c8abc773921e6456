// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/list_pager.h"

#include "common/net/http/http.h"
#include "common/text/json_cutter.h"
#include "operator/kube/client/status_error.h"
#include "operator/kube/watch/watch_event.h"

namespace telltale {
namespace {

constexpr std::string_view kPage = "limit=500";
// Far above etcd's limit of 1.5 MiB for one object.
constexpr std::size_t kMaxObject = 16u << 20;
// The API server itself gives up on a list after 60 s.
constexpr std::chrono::seconds kLongestSilence{60};
constexpr std::chrono::seconds kTinyList{10};

Status ReadMeta(JsonParser& parser, const std::string& json, ListMeta& meta) {
  meta = {};
  if (!json.empty()) {
    if (Status read = DecodeListMeta(parser, json, meta); !read.ok()) {
      return Context("metadata of the list", read.error());
    }
  }
  if (!meta.resource_version.empty()) return {};
  return Fail(Code::kInvalid, "the list has no resourceVersion to watch from");
}

Status ReadPage(HttpTransport& transport, JsonParser& parser, const std::string& target,
                FunctionRef<Status(std::string_view)> item, ListMeta& meta, ListOutcome& outcome) {
  const std::string doing = "GET " + target.substr(0, target.find('?'));
  ApiRequest request;
  request.target = target;
  request.timeout = kLongestSilence;
  // Typed lists put their metadata first, lists of custom resources last.
  JsonCutter list({.array = {"items"}, .kept = "metadata", .max_element = kMaxObject});
  Status fed;
  auto response = transport.Stream(request, [&](std::string_view piece) {
    fed = list.Feed(piece, item);
    return fed.ok();
  });
  if (!response.ok()) return response.error();
  outcome.retry_after_seconds = response->retry_after_seconds;
  if (response->status != 200) {
    outcome.version_too_large = ReadRefusal(parser, response->body).version_too_large;
    return StatusError(doing, *response);
  }
  if (!fed.ok()) return Context(doing, fed.error());
  if (!list.complete()) return Fail(Code::kUnavailable, doing + ": the answer was cut short");
  if (Status read = ReadMeta(parser, list.kept(), meta); !read.ok()) {
    return Context(doing, read.error());
  }
  return {};
}

// What the first page asks for. client-go's rules: with a version, no limit, because the server's
// cache would ignore it and etcd would take it for "exactly this version".
std::string FirstQuery(const ListQuery& query) {
  if (query.not_older_than.empty()) return query.paged ? std::string(kPage) : "";
  return "resourceVersion=" + UrlEncode(query.not_older_than) +
         "&resourceVersionMatch=NotOlderThan";
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

ListOutcome ListCollection(HttpTransport& transport, JsonParser& parser, const ListQuery& query,
                           FunctionRef<Status(std::string_view)> item) {
  ListOutcome outcome;
  ListMeta meta;
  std::string parameters = FirstQuery(query);
  while (true) {
    outcome.status =
        ReadPage(transport, parser, CollectionTarget(query.collection, parameters, query.selector),
                 item, meta, outcome);
    if (!outcome.status.ok()) return outcome;
    ++outcome.pages;
    outcome.resource_version = meta.resource_version;
    if (meta.continue_token.empty()) return outcome;
    // The token stands for the version: the server refuses a page that names both.
    parameters = std::string(kPage) + "&continue=" + UrlEncode(meta.continue_token);
  }
}

Result<std::string> ReadNewestVersion(HttpTransport& transport, JsonParser& parser,
                                      const std::string& collection, const std::string& selector) {
  ApiRequest request;
  request.target = CollectionTarget(collection, "limit=1", selector);
  request.timeout = kTinyList;
  auto response = transport.Call(request);
  if (!response.ok()) return response.error();
  ListMeta meta;
  if (response->status != 200) return meta.resource_version;
  const Status ignored = parser.Parse(response->body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      return key == "metadata" ? ReadListMeta(value, meta) : Status();
    });
  });
  return meta.resource_version;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Reads a whole collection of the API server by LIST, cut into objects while it arrives. A list is
// one snapshot: every page continues the version of the first, and the caller asks again without
// pages when that version has expired. Used by Reflector.
#pragma once

#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/transport.h"

namespace telltale {

struct ListQuery {
  std::string collection;  // "/api/v1/pods"
  std::string selector;    // more query, or empty
  // The answer must not be older than this, and comes from the server's cache in one page; empty:
  // the newest state there is, in pages of 500, or in one answer unless `paged`.
  std::string not_older_than;
  bool paged = true;
};

struct ListOutcome {
  Status status;
  std::string resource_version;    // of the snapshot: where a watch starts
  int pages = 0;                   // that were read to their end
  int retry_after_seconds = 0;     // what the server asked for with an error
  bool version_too_large = false;  // the server has not come as far as `not_older_than`
};

// `item` gets the JSON text of each object, on the thread that the transport reads on; its error
// ends the list. A kGone with pages > 0 means that the snapshot expired on the way.
ListOutcome ListCollection(HttpTransport& transport, JsonParser& parser, const ListQuery& query,
                           FunctionRef<Status(std::string_view json)> item);

// The newest resource version of the collection, from a consistent list of one object; empty when
// the server does not tell. Errors are of the connection.
Result<std::string> ReadNewestVersion(HttpTransport& transport, JsonParser& parser,
                                      const std::string& collection, const std::string& selector);

// "/api/v1/pods?limit=500&fieldSelector=...": the parts that are not empty.
std::string CollectionTarget(const std::string& collection, std::string_view query,
                             const std::string& selector);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Reads a whole collection of the API server: a consistent LIST in pages of 500, cut into objects
// while it arrives. One list is one snapshot: every page continues the version of the first, and
// the caller restarts from the first page when that version has expired. Used by Reflector.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/transport.h"

namespace telltale {

struct ListOutcome {
  Status status;
  std::string resource_version;  // of the snapshot: where a watch starts
  int pages = 0;                 // that were read to their end
  int retry_after_seconds = 0;   // what the server asked for with an error
};

// `collection` is its path and `selector` more query, or empty; `paged` false asks for everything
// in one answer. `item` gets the JSON text of each object, on the thread that the transport reads
// on. A kGone with pages > 0 means that the snapshot expired on the way.
ListOutcome ListCollection(HttpTransport& transport, JsonParser& parser,
                           const std::string& collection, const std::string& selector, bool paged,
                           FunctionRef<void(std::string_view json)> item);

// "/api/v1/pods?limit=500&fieldSelector=...": the parts that are not empty.
std::string CollectionTarget(const std::string& collection, std::string_view query,
                             const std::string& selector);

}  // namespace telltale

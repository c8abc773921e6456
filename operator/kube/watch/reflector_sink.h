// SPDX-License-Identifier: Apache-2.0
//
// ReflectorSink: where a collection's objects go. Implemented by the caches (operator/store),
// called by Reflector. Calls never overlap, and each happens before the next, but they come from
// two threads: Run's, and the one that the transport reads on, which all reflectors share. So a
// sink takes short locks and never waits for the API. `object` is one JSON object, valid during
// the call, to be read once.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/text/json_reader.h"

namespace telltale {

class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;

  // A whole new content. From Begin until End or Abort, Changed and Deleted go to a temporary
  // store beside the live one; a Deleted there is usual (an object that went while the server
  // sent what exists). At End readers see the new content at once, and what is not in it is gone.
  // Abort drops the temporary store; the live one was never touched.
  virtual void ReplaceBegin() = 0;
  virtual void ReplaceEnd() = 0;
  virtual void ReplaceAbort() = 0;

  // ADDED, MODIFIED or an item of a list; DELETED. `resource_version` comes in empty and receives
  // the object's metadata.resourceVersion, so that one reading of a line is enough; it is wanted
  // also with an error. An error means that the object does not decode: the reflector counts it.
  virtual Status Changed(JsonValue object, std::string& resource_version) = 0;
  virtual Status Deleted(JsonValue object, std::string& resource_version) = 0;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// A Kubernetes event (core/v1) as a line of JSON for the log store. Pure; used by EventLog.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/text/json_reader.h"

namespace telltale {

// Sets `line`, without a line end, to such as
//   {"time":"2026-12-01T01:02:03Z","type":"Warning","reason":"BackOff","kind":"Pod",
//    "namespace":"shop","name":"web-0","message":"...","count":3,"component":"kubelet","host":"a"}
// What the event does not say is left out. `time` is when it was last seen, as the event has it;
// `count` how often, if more than once. `resource_version` is set also with an error, if it is
// there.
Status EventLine(JsonValue event, std::string& resource_version, std::string& line);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What an answer of the API server that is not a success means: the Code by its HTTP status, the
// sentence from its Status object. Pure; used by Api and Reflector.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "operator/kube/client/transport.h"

namespace telltale {

Code CodeOfHttpStatus(int status);

// "listing pods: the API server refused it: pods is forbidden: User ... (HTTP 403)". `doing` says
// what was tried.
Error StatusError(std::string_view doing, const ApiResponse& response);

// Of the two kinds of kConflict: the name is taken, as opposed to "somebody else changed it first".
bool IsAlreadyExists(const Error& error);

}  // namespace telltale

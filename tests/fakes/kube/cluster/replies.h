// SPDX-License-Identifier: Apache-2.0
//
// The Status objects that the API server answers with when it does not do what was asked, worded as
// the real one does. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fakes/kube/cluster/fake_reply.h"
#include "tests/fakes/kube/cluster/paths.h"

namespace telltale {

struct StatusText {
  int code = 500;
  std::string_view reason = {}, message = {};
  std::string details = {};   // JSON of .details, empty for none
  std::string metadata = {};  // JSON of what is in .metadata, without braces
};
std::string StatusJson(const StatusText& status);
FakeReply StatusReply(const StatusText& status);

FakeReply NotFound(const FakeKind& kind, std::string_view name);
FakeReply NamespaceNotFound(std::string_view name);
FakeReply AlreadyExists(const FakeKind& kind, std::string_view name);
FakeReply Modified(const FakeKind& kind, std::string_view name);  // 409, an old resourceVersion
FakeReply Precondition(const FakeKind& kind, std::string_view name, std::string_view what);
FakeReply BadRequest(std::string_view message);
// 422: `field` of the object is wrong, or of the options when `type` is "ListOptions".
FakeReply Invalid(std::string_view group, std::string_view type, std::string_view name,
                  std::string_view field, std::string_view cause, std::string_view message);
FakeReply InvalidOptions(std::string_view type, std::string_view field, std::string_view cause,
                         std::string_view message);
FakeReply Unauthorized();
FakeReply MethodNotAllowed();
FakeReply PageNotFound();
StatusText TooLargeVersion(std::uint64_t asked, std::uint64_t current, std::string& message);
FakeReply Gone(std::string_view message, const std::string& continue_token = "");
// {"type":"ERROR","object":...} with its newline.
std::string ErrorLine(const StatusText& status);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/replies.h"

#include "common/text/json_writer.h"

namespace telltale {
namespace {

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string Details(std::string_view name, std::string_view group, std::string_view kind,
                    const std::string& causes = "") {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject();
  if (!name.empty()) w.Field("name", name);
  if (!group.empty()) w.Field("group", group);
  if (!kind.empty()) w.Field("kind", kind);
  if (!causes.empty()) w.Key("causes").Raw(causes);
  w.EndObject();
  return out;
}

std::string Details(const FakeKind& kind, std::string_view name) {
  return Details(name, kind.group(), kind.plural);
}

}  // namespace

std::string StatusJson(const StatusText& status) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Field("kind", "Status").Field("apiVersion", "v1");
  w.Key("metadata").Raw("{" + status.metadata + "}").Field("status", "Failure");
  w.Field("message", status.message);
  if (!status.reason.empty()) w.Field("reason", status.reason);
  if (!status.details.empty()) w.Key("details").Raw(status.details);
  w.Key("code").Int(status.code).EndObject();
  return out;
}

FakeReply StatusReply(const StatusText& status) {
  return {.status = status.code, .body = StatusJson(status) + "\n"};
}

FakeReply NotFound(const FakeKind& kind, std::string_view name) {
  return StatusReply({.code = 404,
                      .reason = "NotFound",
                      .message = kind.qualified() + " " + Quoted(name) + " not found",
                      .details = Details(kind, name)});
}

FakeReply NamespaceNotFound(std::string_view name) {
  return StatusReply({.code = 404,
                      .reason = "NotFound",
                      .message = "namespaces " + Quoted(name) + " not found",
                      .details = Details(name, "", "namespaces")});
}

FakeReply AlreadyExists(const FakeKind& kind, std::string_view name) {
  return StatusReply({.code = 409,
                      .reason = "AlreadyExists",
                      .message = kind.qualified() + " " + Quoted(name) + " already exists",
                      .details = Details(kind, name)});
}

FakeReply Modified(const FakeKind& kind, std::string_view name) {
  return Precondition(kind, name,
                      "the object has been modified; please apply your changes to the latest "
                      "version and try again");
}

FakeReply Precondition(const FakeKind& kind, std::string_view name, std::string_view what) {
  return StatusReply({.code = 409,
                      .reason = "Conflict",
                      .message = "Operation cannot be fulfilled on " + kind.qualified() + " " +
                                 Quoted(name) + ": " + std::string(what),
                      .details = Details(kind, name)});
}

FakeReply BadRequest(std::string_view message) {
  return StatusReply({.code = 400, .reason = "BadRequest", .message = message});
}

FakeReply Invalid(std::string_view group, std::string_view type, std::string_view name,
                  std::string_view field, std::string_view cause, std::string_view message) {
  std::string causes;
  JsonWriter w(&causes);
  w.BeginArray().BeginObject().Field("reason", cause).Field("message", message);
  w.Field("field", field).EndObject().EndArray();
  const std::string of =
      group.empty() ? std::string(type) : std::string(type) + "." + std::string(group);
  return StatusReply({.code = 422,
                      .reason = "Invalid",
                      .message = of + " " + Quoted(name) + " is invalid: " + std::string(field) +
                                 ": " + std::string(message),
                      .details = Details(name, group, type, causes)});
}

FakeReply InvalidOptions(std::string_view type, std::string_view field, std::string_view cause,
                         std::string_view message) {
  return Invalid("meta.k8s.io", type, "", field, cause, message);
}

FakeReply Unauthorized() {
  return StatusReply({.code = 401, .reason = "Unauthorized", .message = "Unauthorized"});
}

FakeReply MethodNotAllowed() {
  return StatusReply({.code = 405,
                      .reason = "MethodNotAllowed",
                      .message = "the server does not allow this method on the requested resource",
                      .details = "{}"});
}

FakeReply PageNotFound() { return {.status = 404, .body = "404 page not found\n"}; }

StatusText TooLargeVersion(std::uint64_t asked, std::uint64_t current, std::string& message) {
  message = "Timeout: Too large resource version: " + std::to_string(asked) +
            ", current: " + std::to_string(current);
  return {.code = 504,
          .reason = "Timeout",
          .message = message,
          .details = R"({"causes":[{"reason":"ResourceVersionTooLarge",)"
                     R"("message":"Too large resource version"}],"retryAfterSeconds":1})"};
}

FakeReply Gone(std::string_view message, const std::string& continue_token) {
  StatusText status{.code = 410, .reason = "Expired", .message = message};
  if (!continue_token.empty()) status.metadata = R"("continue":)" + Quoted(continue_token);
  return StatusReply(status);
}

std::string ErrorLine(const StatusText& status) {
  return R"({"type":"ERROR","object":)" + StatusJson(status) + "}\n";
}

}  // namespace telltale

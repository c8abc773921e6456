// SPDX-License-Identifier: Apache-2.0
//
// What goes beside the server: certificates, a kubeconfig, and lines that no server should send.
#include "common/base/strings.h"
#include "common/text/json_writer.h"
#include "tests/fakes/kube/cluster/replies.h"
#include "tests/fakes/kube/server/fake_api_server.h"

namespace telltale {

std::string GarbageLine() { return "{\"type\":\"ADDED\",\"object\":{\"meta\x01 this is no JSON\n"; }

std::string HugeLine(std::size_t bytes) {
  std::string out =
      R"({"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"huge",)"
      R"("namespace":"default","uid":"00000000-0000-4000-8000-000000000000",)"
      R"("resourceVersion":"1","annotations":{"long":")";
  const std::string end = "\"}}}}\n";
  out.append(bytes > out.size() + end.size() ? bytes - out.size() - end.size() : 1, 'x');
  return out + end;
}

std::string UnknownEventLine() {
  return R"({"type":"RENAMED","object":{"kind":"Pod","apiVersion":"v1",)"
         R"("metadata":{"name":"strange","namespace":"default","resourceVersion":"1"}}})"
         "\n";
}

std::string ErrorEventLine(int code, std::string_view reason, std::string_view message) {
  return ErrorLine({.code = code, .reason = reason, .message = message});
}

Result<FakeServerCertificates> MakeFakeServerCertificates() {
  constexpr std::int64_t kYear = 365 * 86'400;
  const std::int64_t now = RealClock().WallNanos() / 1'000'000'000;
  auto authority = MakeAuthority("fake-kubernetes", now, kYear);
  if (!authority.ok()) return authority.error();
  auto server = MakeServerCertificate(*authority, {"127.0.0.1", "localhost"}, now, kYear);
  if (!server.ok()) return server.error();
  return FakeServerCertificates{*authority, *server};
}

std::string FakeKubeconfig(const std::string& url, const std::string& ca_pem,
                           const std::string& token) {
  std::string out;  // JSON is YAML too
  JsonWriter w(&out);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "Config");
  w.Field("current-context", "fake");
  w.Key("clusters").BeginArray().BeginObject().Field("name", "fake").Key("cluster").BeginObject();
  w.Field("server", url);
  if (!ca_pem.empty()) w.Field("certificate-authority-data", Base64Encode(ca_pem));
  w.EndObject().EndObject().EndArray();
  w.Key("users").BeginArray().BeginObject().Field("name", "fake").Key("user").BeginObject();
  // kubectl asks for a name and a password when a user has nothing to show.
  w.Field("token", token.empty() ? "anybody" : token);
  w.EndObject().EndObject().EndArray();
  w.Key("contexts").BeginArray().BeginObject().Field("name", "fake").Key("context").BeginObject();
  w.Field("cluster", "fake").Field("user", "fake");
  w.EndObject().EndObject().EndArray().EndObject();
  return out + "\n";
}

}  // namespace telltale

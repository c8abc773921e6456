// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/exec_plugin.h"

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "common/net/http/token_source.h"
#include "common/text/json_reader.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

void WriteCluster(const ExecCluster& cluster, JsonWriter& writer) {
  writer.BeginObject().Field("server", cluster.server);
  if (!cluster.tls_server_name.empty()) writer.Field("tls-server-name", cluster.tls_server_name);
  if (cluster.insecure_skip_verify) writer.Key("insecure-skip-tls-verify").Bool(true);
  if (!cluster.ca_pem.empty()) {
    writer.Field("certificate-authority-data", Base64Encode(cluster.ca_pem));
  }
  if (!cluster.proxy_url.empty()) writer.Field("proxy-url", cluster.proxy_url);
  if (!cluster.config_json.empty()) writer.Key("config").Raw(cluster.config_json);
  writer.EndObject();
}

struct Answer {
  std::string kind, api_version, expiration;
  bool has_status = false;
  ExecCredential credential;
};

Status ReadStatus(JsonValue status, Answer& answer) {
  if (status.type() != JsonValue::Type::kObject) return {};  // null
  answer.has_status = true;
  return status.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    std::string* into = nullptr;
    if (key == "token") into = &answer.credential.token;
    if (key == "clientCertificateData") into = &answer.credential.certificate_pem;
    if (key == "clientKeyData") into = &answer.credential.key_pem;
    if (key == "expirationTimestamp") into = &answer.expiration;
    if (into == nullptr || value.type() == JsonValue::Type::kNull) return {};
    const auto text = value.String();
    if (!text) return Fail(Code::kInvalid, "status." + std::string(key) + " is not a string");
    *into = *text;
    return {};
  });
}

Status ReadAnswer(JsonValue root, Answer& answer) {
  return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "status") return ReadStatus(value, answer);
    if (key == "kind") answer.kind = value.String().value_or("");
    if (key == "apiVersion") answer.api_version = value.String().value_or("");
    return {};
  });
}

Error Wrong(std::string_view what) {
  return Fail(Code::kInvalid, "the credential plugin's answer " + std::string(what));
}

}  // namespace

std::string ExecInfoJson(std::string_view api_version, const ExecCluster* cluster) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("kind", "ExecCredential").Field("apiVersion", api_version);
  writer.Key("spec").BeginObject();
  if (cluster != nullptr) {
    writer.Key("cluster");
    WriteCluster(*cluster, writer);
  }
  // There is nobody at the operator's terminal.
  writer.Key("interactive").Bool(false).EndObject().EndObject();
  return json;
}

Result<ExecCredential> ParseExecCredential(std::string_view output, std::string_view api_version) {
  Answer answer;
  JsonParser parser;
  const Status parsed =
      parser.Parse(output, [&](JsonValue root) { return ReadAnswer(root, answer); });
  if (!parsed.ok()) return Wrong("is not an ExecCredential in JSON");
  if (answer.kind != "ExecCredential") return Wrong("is not of kind ExecCredential");
  if (answer.api_version != api_version) {
    return Wrong("is of another apiVersion than the kubeconfig's, " + std::string(api_version) +
                 ": make both the same");
  }
  if (!answer.has_status) return Wrong("has no status");
  ExecCredential& credential = answer.credential;
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return Wrong("has only one of clientCertificateData and clientKeyData, which belong together");
  }
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return Wrong("has neither a token nor a client certificate");
  }
  if (!credential.token.empty() && !IsHeaderToken(credential.token)) {
    return Wrong("has a token with characters that a header cannot carry");
  }
  if (!answer.expiration.empty()) {
    credential.expires_nanos = ParseRfc3339(answer.expiration);
    if (!credential.expires_nanos) return Wrong("has an expirationTimestamp that is no RFC 3339");
  }
  return std::move(credential);
}

}  // namespace telltale

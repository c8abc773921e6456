// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/webhook_authority.h"

#include "common/base/log.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kAuthorityLifetime = 365 * kDay;
constexpr std::int64_t kAuthorityRenewal = 90 * kDay;  // made anew when less is left
constexpr std::int64_t kLeafLifetime = 7 * kDay;
constexpr std::chrono::minutes kCheck{1};
constexpr std::chrono::seconds kRetry{2};
constexpr std::string_view kSecret = "telltale-webhook-ca";

std::string SecretJson(const std::string& ns, const Labels& data) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "Secret").Field("type", "Opaque");
  w.Key("metadata").BeginObject().Field("name", kSecret).Field("namespace", ns);
  w.Key("labels").BeginObject();
  w.Field("app.kubernetes.io/managed-by", kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject().EndObject();
  w.Key("data").BeginObject();
  for (const auto& [key, value] : data) w.Field(key, Base64Encode(value));
  w.EndObject().EndObject();
  return json;
}

// Reads webhooks[name].clientConfig.caBundle; empty when it is not set.
Result<std::string> HeldBundle(JsonParser& parser, const std::string& body,
                               const std::string& webhook) {
  std::string bundle;
  bool found = false;
  TELLTALE_TRY(parser.Parse(body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue list) -> Status {
      if (key != "webhooks") return {};
      return list.ForEachElement([&](JsonValue item) -> Status {
        std::string name, ca;
        TELLTALE_TRY(item.ForEachField([&](std::string_view field, JsonValue value) -> Status {
          if (field == "name") name = value.String().value_or("");
          if (field != "clientConfig") return {};
          return value.ForEachField([&](std::string_view inner, JsonValue text) -> Status {
            if (inner == "caBundle") ca = text.String().value_or("");
            return {};
          });
        }));
        if (name == webhook) {
          found = true;
          bundle = Base64Decode(ca).value_or("");
        }
        return {};
      });
    });
  }));
  if (!found) return Fail(Code::kNotFound, "it has no webhook named " + webhook);
  return bundle;
}

}  // namespace

WebhookAuthority::WebhookAuthority(AuthorityOptions options, Api& api,
                                   std::function<Status(const KeyPair&)> use_leaf,
                                   Registry& registry, Clock& clock)
    : options_(std::move(options)),
      api_(api),
      use_leaf_(std::move(use_leaf)),
      clock_(clock),
      expiry_(registry.AddGauge("telltale_webhook_certificate_expiry_timestamp_seconds",
                                "When the webhook's serving certificate ends.")) {}

void WebhookAuthority::Run() {
  std::chrono::milliseconds wait{0};
  while (trigger_.Wait(wait)) {
    Status status = EnsureOnce();
    if (!status.ok()) {
      LogWarn("the injection webhook is not ready; new pods start without a sidecar until it is",
              {{"error", status.error().message}});
    }
    wait = status.ok() ? std::chrono::milliseconds(kCheck) : std::chrono::milliseconds(kRetry);
  }
}

Status WebhookAuthority::EnsureOnce() {
  auto authority = LoadOrMakeAuthority();
  if (!authority) return authority.error();
  TELLTALE_TRY(PublishBundle(authority->current.certificate + authority->previous_certificate));
  return RenewLeaf(*authority);
}

Result<WebhookAuthority::StoredAuthority> WebhookAuthority::Read() {
  auto body = api_.Get(SecretPath(options_.ns, kSecret));
  if (!body) return body.error();
  StoredAuthority stored;
  TELLTALE_TRY(parser_.Parse(*body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue data) -> Status {
      if (key != "data") return {};
      return data.ForEachField([&](std::string_view name, JsonValue value) -> Status {
        std::string key_name(name);
        std::string text = Base64Decode(value.String().value_or("")).value_or("");
        if (key_name == "ca.crt")
          stored.current.certificate = std::move(text);
        else if (key_name == "ca.key")
          stored.current.private_key = std::move(text);
        else if (key_name == "previous.crt")
          stored.previous_certificate = std::move(text);
        return {};
      });
    });
  }));
  return stored;
}

Status WebhookAuthority::Store(const StoredAuthority& authority) {
  return api_.Apply(SecretPath(options_.ns, kSecret),
                    SecretJson(options_.ns, {{"ca.crt", authority.current.certificate},
                                             {"ca.key", authority.current.private_key},
                                             {"previous.crt", authority.previous_certificate}}));
}

Result<WebhookAuthority::StoredAuthority> WebhookAuthority::LoadOrMakeAuthority() {
  const std::string where = "the Secret " + options_.ns + "/" + std::string(kSecret);
  auto stored = Read();
  if (!stored && stored.error().code != Code::kNotFound) {
    return Context("reading " + where, stored.error());
  }
  StoredAuthority old;
  if (stored) old = *stored;
  const auto expiry = CertificateExpiry(old.current.certificate);
  const bool usable = expiry.ok() && KeyMatches(old.current) && *expiry > NowSeconds();
  if (usable && *expiry - NowSeconds() > kAuthorityRenewal) return old;

  auto made = MakeAuthority("telltale webhook", NowSeconds(), kAuthorityLifetime);
  if (!made) return made.error();
  StoredAuthority next{*made, usable ? old.current.certificate : std::string()};
  if (Status status = Store(next); !status.ok()) {
    return Context("writing " + where, status.error());
  }
  LogInfo("made a new authority for the injection webhook", {{"secret", kSecret}});
  return next;
}

Status WebhookAuthority::PublishBundle(const std::string& bundle) {
  const std::string where = "the MutatingWebhookConfiguration " + options_.configuration;
  const std::string path = WebhookConfigurationPath(options_.configuration);
  auto body = api_.Get(path);
  if (!body) return Context("reading " + where, body.error());
  auto held = HeldBundle(parser_, *body, options_.webhook_name);
  if (!held) return Context("reading " + where, held.error());
  if (*held == bundle) return {};
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "admissionregistration.k8s.io/v1");
  w.Field("kind", "MutatingWebhookConfiguration");
  w.Key("metadata").BeginObject().Field("name", options_.configuration).EndObject();
  w.Key("webhooks").BeginArray().BeginObject().Field("name", options_.webhook_name);
  w.Key("clientConfig").BeginObject().Field("caBundle", Base64Encode(bundle)).EndObject();
  w.EndObject().EndArray().EndObject();
  if (Status status = api_.Apply(path, json); !status.ok()) {
    return Context("writing the caBundle of " + where, status.error());
  }
  return {};
}

Status WebhookAuthority::RenewLeaf(const StoredAuthority& authority) {
  if (leaf_authority_ == authority.current.certificate && NowSeconds() < leaf_renewal_) return {};
  const std::string host = options_.service_name + "." + options_.ns;
  auto leaf =
      MakeServerCertificate(authority.current, {host + ".svc", host + ".svc.cluster.local", host},
                            NowSeconds(), kLeafLifetime);
  if (!leaf) return leaf.error();
  TELLTALE_TRY(use_leaf_(*leaf));
  leaf_authority_ = authority.current.certificate;
  leaf_renewal_ = NowSeconds() + kLeafLifetime / 2;
  expiry_.Set(static_cast<double>(NowSeconds() + kLeafLifetime));
  return {};
}

}  // namespace telltale

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
constexpr std::chrono::seconds kCheck{10};
constexpr std::chrono::seconds kRetry{2};
constexpr std::string_view kSecret = "telltale-webhook-ca";

std::string SecretJson(const std::string& ns, const Labels& data, const std::string& owner) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "Secret").Field("type", "Opaque");
  w.Key("metadata").BeginObject().Field("name", kSecret).Field("namespace", ns);
  w.Key("labels").BeginObject();
  w.Field("app.kubernetes.io/managed-by", kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject();
  if (!owner.empty()) w.Key("ownerReferences").BeginArray().Raw(owner).EndArray();
  w.EndObject();
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
                                   Registry& registry, Clock& clock,
                                   std::function<bool()> may_write)
    : options_(std::move(options)),
      api_(api),
      use_leaf_(std::move(use_leaf)),
      clock_(clock),
      may_write_(std::move(may_write)),
      expiry_(registry.AddGauge("telltale_webhook_certificate_expiry_timestamp_seconds",
                                "When the webhook's serving certificate ends.")) {}

void WebhookAuthority::Run() {
  std::chrono::milliseconds wait{0};
  while (trigger_.Wait(wait)) {
    if (Status status = EnsureOnce(); !status.ok()) {
      LogWarn("the injection webhook is not ready; new pods start without a sidecar until it is",
              {{"error", status.error().message}});
    }
    wait = NextRound();
  }
}

std::chrono::milliseconds WebhookAuthority::NextRound() const {
  return waiting_ || failed_ ? std::chrono::milliseconds(kRetry)
                             : std::chrono::milliseconds(kCheck);
}

Status WebhookAuthority::EnsureOnce() {
  waiting_ = false;
  Status status = Round();
  // The lease was lost in this round: the new leader goes on.
  if (!status.ok() && status.error().code == Code::kCancelled) {
    waiting_ = true;
    status = {};
  }
  failed_ = !status.ok();
  return status;
}

Status WebhookAuthority::Round() {
  auto authority = LoadOrMakeAuthority();
  if (!authority) return authority.error();
  if (!*authority) {
    waiting_ = true;
    return {};
  }
  auto published = PublishBundle(**authority);
  if (!published) return published.error();
  return RenewLeaf(**authority, *published);
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
                    SecretJson(options_.ns,
                               {{"ca.crt", authority.current.certificate},
                                {"ca.key", authority.current.private_key},
                                {"previous.crt", authority.previous_certificate}},
                               options_.owner ? options_.owner() : ""));
}

Result<std::optional<WebhookAuthority::StoredAuthority>> WebhookAuthority::LoadOrMakeAuthority() {
  using Found = std::optional<StoredAuthority>;
  const std::string where = "the Secret " + options_.ns + "/" + std::string(kSecret);
  auto stored = Read();
  if (!stored && stored.error().code != Code::kNotFound) {
    return Context("reading " + where, stored.error());
  }
  StoredAuthority old;
  if (stored) old = *stored;
  const auto expiry = CertificateExpiry(old.current.certificate);
  const bool usable = expiry.ok() && KeyMatches(old.current) && *expiry > NowSeconds();
  if (usable && (*expiry - NowSeconds() > kAuthorityRenewal || !MayWrite())) return Found(old);
  if (!MayWrite()) return Found();

  auto made = MakeAuthority("telltale webhook", NowSeconds(), kAuthorityLifetime);
  if (!made) return made.error();
  // The old one stays trusted while anybody may serve with a leaf of it, even when its key is lost.
  const bool trusted = expiry.ok() && *expiry > NowSeconds();
  StoredAuthority next{*made, trusted ? old.current.certificate : std::string()};
  if (Status status = Store(next); !status.ok()) {
    return Context("writing " + where, status.error());
  }
  LogInfo("made a new authority for the injection webhook", {{"secret", kSecret}});
  return Found(next);
}

Result<WebhookAuthority::Published> WebhookAuthority::PublishBundle(
    const StoredAuthority& authority) {
  const std::string where = "the MutatingWebhookConfiguration " + options_.configuration;
  auto body = api_.Get(WebhookConfigurationPath(options_.configuration));
  if (!body) return Context("reading " + where, body.error());
  auto held = HeldBundle(parser_, *body, options_.webhook_name);
  if (!held) return Context("reading " + where, held.error());
  const std::string bundle = authority.current.certificate + authority.previous_certificate;
  const bool there = held->find(authority.current.certificate) != std::string::npos;
  // After a reinstallation nobody leads until the Lease of the old one has run out, and pods would
  // start without a sidecar until then.
  const bool anybody = held->empty() && options_.open_api != nullptr;
  if (*held == bundle || (!MayWrite() && !anybody)) {
    return there ? Published::kBefore : Published::kNo;
  }
  Api& api = MayWrite() ? api_ : *options_.open_api;
  if (Status status = WriteBundle(api, bundle); !status.ok()) {
    return Context("writing the caBundle of " + where, status.error());
  }
  return there ? Published::kBefore : Published::kJustNow;
}

Status WebhookAuthority::WriteBundle(Api& api, const std::string& bundle) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "admissionregistration.k8s.io/v1");
  w.Field("kind", "MutatingWebhookConfiguration");
  w.Key("metadata").BeginObject().Field("name", options_.configuration).EndObject();
  w.Key("webhooks").BeginArray().BeginObject().Field("name", options_.webhook_name);
  w.Key("clientConfig").BeginObject().Field("caBundle", Base64Encode(bundle)).EndObject();
  w.EndObject().EndArray().EndObject();
  return api.Apply(WebhookConfigurationPath(options_.configuration), json);
}

Status WebhookAuthority::RenewLeaf(const StoredAuthority& authority, Published published) {
  const bool serving = NowSeconds() < leaf_expiry_;
  const bool same = leaf_authority_ == authority.current.certificate;
  if (serving && same && NowSeconds() < leaf_renewal_) return {};
  // Of another CA: one that serves changes over when everybody trusts it, one that does not yet
  // serves as soon as it is published.
  const Published enough = serving ? Published::kBefore : Published::kJustNow;
  if (!same && published < enough) {
    waiting_ = true;
    return {};
  }
  return MintLeaf(authority);
}

Status WebhookAuthority::MintLeaf(const StoredAuthority& authority) {
  const std::string host = options_.service_name + "." + options_.ns;
  auto leaf =
      MakeServerCertificate(authority.current, {host + ".svc", host + ".svc.cluster.local", host},
                            NowSeconds(), kLeafLifetime);
  if (!leaf) return leaf.error();
  TELLTALE_TRY(use_leaf_(*leaf));
  leaf_authority_ = authority.current.certificate;
  leaf_renewal_ = NowSeconds() + kLeafLifetime / 2;
  leaf_expiry_ = NowSeconds() + kLeafLifetime;
  expiry_.Set(static_cast<double>(leaf_expiry_));
  return {};
}

}  // namespace telltale

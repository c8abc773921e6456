// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/release_watch.h"

#include <utility>

#include "common/base/log.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

constexpr std::chrono::seconds kLookEvery{10};
constexpr std::string_view kConfigurations =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?labelSelector="
    "app.kubernetes.io%2Fpart-of%3Dtelltale%2Capp.kubernetes.io%2Fname%3Doperator";
constexpr std::string_view kRoles = "/apis/rbac.authorization.k8s.io/v1/clusterroles/";

struct Named {
  std::string created, name, uid;
};

Status ReadMetadata(JsonValue object, Named& out) {
  return object.ForEachField([&](std::string_view key, JsonValue metadata) -> Status {
    if (key != "metadata") return {};
    return metadata.ForEachField([&](std::string_view field, JsonValue value) -> Status {
      if (field == "name") out.name = value.String().value_or("");
      if (field == "uid") out.uid = value.String().value_or("");
      if (field == "creationTimestamp") out.created = value.String().value_or("");
      return {};
    });
  });
}

}  // namespace

ReleaseWatch::ReleaseWatch(ReleaseOptions options, Api& api, Registry& registry)
    : options_(std::move(options)),
      api_(api),
      yields_(registry.AddGauge("telltale_other_installation",
                                "Whether an older installation of Telltale is in the cluster, "
                                "which writes in place of this one.")) {}

bool ReleaseWatch::Yields() const { return !looked_ || !Older().empty(); }

std::string ReleaseWatch::Older() const {
  const auto older = older_.Get();
  return older ? *older : "";
}

std::string ReleaseWatch::Owner() const {
  const auto owner = owner_.Get();
  return owner ? *owner : "";
}

// Of two of one second the first by name. Without one of our own we are no installation but a
// person who tries something, and write.
Result<std::string> ReleaseWatch::FindOlder() {
  auto body = api_.Get(std::string(kConfigurations));
  if (!body) return Context("looking for other installations", body.error());
  Named own, first;
  TELLTALE_TRY(parser_.Parse(*body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue items) -> Status {
      if (key != "items") return {};
      return items.ForEachElement([&](JsonValue item) -> Status {
        Named one;
        TELLTALE_TRY(ReadMetadata(item, one));
        if (one.name == options_.configuration) own = one;
        const bool earlier =
            std::pair(one.created, one.name) < std::pair(first.created, first.name);
        if (first.name.empty() || earlier) first = std::move(one);
        return {};
      });
    });
  }));
  return own.name.empty() || first.name == own.name ? std::string() : first.name;
}

Result<std::string> ReleaseWatch::FindOwner() {
  if (options_.owner_role.empty()) return std::string();
  auto body = api_.Get(std::string(kRoles) + options_.owner_role);
  if (!body) return Context("reading the ClusterRole " + options_.owner_role, body.error());
  Named role;
  TELLTALE_TRY(parser_.Parse(*body, [&](JsonValue root) { return ReadMetadata(root, role); }));
  if (role.uid.empty()) return std::string();
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "rbac.authorization.k8s.io/v1");
  w.Field("kind", "ClusterRole").Field("name", role.name).Field("uid", role.uid).EndObject();
  return json;
}

void ReleaseWatch::LookOnce() {
  std::string complaint;
  auto older = FindOlder();
  auto owner = FindOwner();
  if (!older) complaint = older.error().message;
  if (!owner) complaint = owner.error().message;
  if (!complaint.empty() && complaint != complaint_) {
    LogWarn("cannot look at this installation; what was known of it stays", {{"error", complaint}});
  }
  complaint_ = std::move(complaint);
  if (owner && *owner != Owner()) owner_.Set(std::make_shared<std::string>(*std::move(owner)));
  if (older && *older != Older()) {
    if (older->empty()) {
      LogInfo("the other installation of Telltale is gone: this one writes from now on");
    } else {
      LogWarn(
          "another installation of Telltale is older and writes in this cluster; this one waits "
          "until it is removed",
          {{"its_webhook_configuration", *older}, {"ours", options_.configuration}});
    }
    yields_.Set(older->empty() ? 0 : 1);
    older_.Set(std::make_shared<std::string>(*std::move(older)));
  }
  looked_ = true;
}

void ReleaseWatch::Run() {
  std::chrono::milliseconds wait{0};
  while (trigger_.Wait(wait)) {
    LookOnce();
    wait = kLookEvery;
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/plan/injection/injected_pod.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

std::string Unquoted(const JsonTree& value) {
  return value.scalar.substr(1, value.scalar.size() - 2);
}

}  // namespace

std::shared_ptr<const MonitoringTarget> ShopTarget(const std::string& spec) {
  return ParseTarget(R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"selector":)"
                     R"({"matchLabels":{"app":"shop"}},)" +
                     spec + "}}");
}

std::string ShopPod(const std::string& spec, const std::string& metadata) {
  return R"({"metadata":{"labels":{"app":"shop"})" + metadata + R"(},"spec":{)" + spec + "}}";
}

const JsonTree& Injected::Sidecar() const {
  return pod.At("spec").At("initContainers").items.at(0).second;
}

std::string Injected::Annotation(const std::string& name) const {
  const JsonTree* annotations = pod.At("metadata").Find("annotations");
  const JsonTree* value = annotations ? annotations->Find(name) : nullptr;
  return value ? Unquoted(*value) : "";
}

std::vector<std::string> Injected::Mounts(const JsonTree& container) const {
  std::vector<std::string> mounts;
  const JsonTree* list = container.Find("volumeMounts");
  if (!list) return mounts;
  for (const auto& [none, mount] : list->items) {
    const std::string path = Unquoted(mount.At("mountPath"));
    if (path.starts_with("/etc/telltale/") || path.starts_with("/var/lib/telltale")) continue;
    if (path.starts_with("/var/run/secrets/")) continue;
    std::string text = Unquoted(mount.At("name")) + " " + path;
    for (const auto* key : {"subPath", "subPathExpr"}) {
      if (const JsonTree* value = mount.Find(key)) text += " " + Unquoted(*value);
    }
    if (mount.Find("readOnly")) text += " ro";
    mounts.push_back(std::move(text));
  }
  return mounts;
}

std::vector<std::string> Injected::MountsOf(const std::string& list, std::size_t index) const {
  return Mounts(pod.At("spec").At(list).items.at(index).second);
}

Injected Inject(const std::string& pod,
                std::vector<std::shared_ptr<const MonitoringTarget>> targets,
                const NamespaceRules& rules, const InjectionOptions& options) {
  const std::string review =
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",)"
      R"("namespace":"shop","operation":"CREATE","object":)" +
      pod + "}}";
  auto answer = AnswerAdmission(
      review, options, [&](const std::string&, const Labels&) { return targets; },
      [&](const std::string&) { return rules; });
  Injected injected;
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  if (!answer.ok()) return injected;
  injected.outcome = answer->outcome;
  injected.response = ParseTree(answer->body).At("response");
  injected.pod = ParseTree(pod);
  if (const JsonTree* patch = injected.response.Find("patch")) {
    injected.pod = ApplyPatch(injected.pod, Base64Decode(Unquoted(*patch)).value());
  }
  return injected;
}

}  // namespace telltale

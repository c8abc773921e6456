// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/sidecar_patch.h"

#include "common/text/json_writer.h"
#include "operator/model/decode.h"
#include "operator/plan/injection/admitted_pod.h"
#include "operator/plan/injection/json_patch.h"

namespace telltale {
namespace {

constexpr std::string_view kApiVersion = "admission.k8s.io/v1";
constexpr std::string_view kKind = "AdmissionReview";

struct Review {
  std::string api_version, kind;
  std::string uid, ns, operation, sub_resource, resource;
  AdmittedPod pod;
  Status pod_status = Fail(Code::kInvalid, "the request carries no object");
};

Status DecodeResource(JsonValue value, std::string& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "resource" ? decode::Text(member, out) : Status();
  });
}

// An object that cannot be read is noted and not an error: the answer is still owed.
Status DecodeRequest(JsonValue value, Review& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "uid") return decode::Text(member, out.uid);
    if (key == "namespace") return decode::Text(member, out.ns);
    if (key == "operation") return decode::Text(member, out.operation);
    if (key == "subResource") return decode::Text(member, out.sub_resource);
    if (key == "resource") return DecodeResource(member, out.resource);
    if (key == "object" && member.type() != JsonValue::Type::kNull) {
      out.pod_status = DecodeAdmittedPod(member, out.pod);
    }
    return {};
  });
}

Status DecodeReview(std::string_view body, Review& out) {
  JsonParser parser;
  return parser.Parse(body, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "apiVersion") return decode::Text(member, out.api_version);
      if (key == "kind") return decode::Text(member, out.kind);
      if (key == "request") return DecodeRequest(member, out);
      return {};
    });
  });
}

AdmissionAnswer Answer(const Review& review, InjectionOutcome outcome, const PodPatch& patch = {}) {
  AdmissionAnswer answer;
  answer.outcome = outcome;
  JsonWriter writer(&answer.body);
  writer.BeginObject().Field("apiVersion", kApiVersion).Field("kind", kKind);
  writer.Key("response").BeginObject().Field("uid", review.uid).Key("allowed").Bool(true);
  if (!patch.json.empty()) {
    writer.Field("patchType", "JSONPatch").Field("patch", Base64Encode(patch.json));
  }
  if (!patch.warnings.empty()) {
    writer.Key("warnings").BeginArray();
    for (const auto& warning : patch.warnings) writer.String(warning);
    writer.EndArray();
  }
  writer.EndObject().EndObject();
  return answer;
}

// Where the sidecar cannot live: its port would clash, or the pod is not for Linux.
bool NoPlaceFor(const AdmittedPod& pod) {
  return pod.mirror || pod.host_network || pod.windows || pod.takes_our_port;
}

bool IsPodCreation(const Review& review) {
  return (review.operation.empty() || review.operation == "CREATE") &&
         (review.resource.empty() || review.resource == "pods") && review.sub_resource.empty();
}

}  // namespace

Result<AdmissionAnswer> AnswerAdmission(std::string_view body, const InjectionOptions& options,
                                        const SelectTargets& select, const RulesOf& rules) {
  Review review;
  const Status read = DecodeReview(body, review);
  if (review.uid.empty() || review.kind != kKind || review.api_version != kApiVersion) {
    std::string message =
        "the body is no AdmissionReview of admission.k8s.io/v1 with a request.uid";
    if (!read.ok()) message += ": " + read.error().message;
    return Fail(Code::kInvalid, std::move(message));
  }
  if (!read.ok()) return Answer(review, InjectionOutcome::kUnreadable);
  if (!IsPodCreation(review)) return Answer(review, InjectionOutcome::kNotSelected);
  if (!review.pod_status.ok()) return Answer(review, InjectionOutcome::kUnreadable);
  const AdmittedPod& pod = review.pod;
  if (pod.has_sidecar) return Answer(review, InjectionOutcome::kAlreadyThere);
  const auto targets = select(review.ns, pod.labels);
  if (targets.empty()) return Answer(review, InjectionOutcome::kNotSelected);
  const NamespaceRules demanded = rules ? rules(review.ns) : NamespaceRules();
  if (pod.opted_out || demanded.opted_out) return Answer(review, InjectionOutcome::kOptedOut);
  if (NoPlaceFor(pod)) return Answer(review, InjectionOutcome::kImpossible);
  const auto patch = RenderSidecarPatch(pod, options, demanded, targets);
  if (patch) return Answer(review, InjectionOutcome::kInjected, *patch);
  return Answer(review, InjectionOutcome::kImpossible, RenderLeftAlone(pod, patch.error().message));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/model/monitoring_target.h"

#include "operator/model/decode.h"

namespace telltale {
namespace {

constexpr std::string_view kKind = "MonitoringTarget";
// Of each field of a spec, as JSON. The bounds of the CRD allow logs of megabytes, and everything
// that is read stays in memory, of hundreds of resources. The longest real ones are below 16 KiB.
constexpr std::size_t kMaxPart = 64u << 10;

Status CheckSize(const JsonValue& part) {
  const std::size_t size = part.RawSize();
  if (size <= kMaxPart) return {};
  return decode::Wrong("is " + std::to_string(size) + " bytes long as JSON, and at most " +
                       std::to_string(kMaxPart) +
                       " are taken: divide it into several MonitoringTargets");
}

Status DecodeNamespaceSelector(JsonValue value, std::optional<NamespaceSelector>& out) {
  if (value.type() == JsonValue::Type::kNull) return {};
  NamespaceSelector selector;
  LabelSelector labels;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "any") return decode::Flag(member, selector.any);
    if (key == "names") return decode::Texts(member, selector.names);
    if (key == "matchLabels") return DecodeStringMap(member, labels.match_labels);
    if (key == "matchExpressions") return DecodeMatchExpressions(member, labels);
    return {};
  }));
  if (!labels.empty()) selector.labels = std::move(labels);
  const int kinds =
      (selector.any ? 1 : 0) + (selector.names.empty() ? 0 : 1) + (selector.labels ? 1 : 0);
  if (kinds > 1) return decode::Wrong("takes one of any, names and matchLabels/matchExpressions");
  out = std::move(selector);
  return {};
}

Status CheckSelector(const LabelSelector& selector) {
  if (selector.empty() && !selector.match_all) {
    return decode::Wrong(
        "is empty and selects nothing: add matchLabels or matchExpressions, or set matchAll: true");
  }
  if (!selector.empty() && selector.match_all) {
    return decode::Wrong("takes matchAll: true only without matchLabels and matchExpressions");
  }
  return {};
}

Status DecodeSelector(JsonValue value, LabelSelector& out) {
  LabelSelector selector;
  TELLTALE_TRY(DecodeLabelSelector(value, selector));
  TELLTALE_TRY(CheckSelector(selector));
  out = std::move(selector);
  return {};
}

template <class T>
Status DecodePart(JsonValue value, Status (*decode_part)(JsonValue, T&), std::optional<T>& out) {
  if (value.type() == JsonValue::Type::kNull) return {};
  T part;
  TELLTALE_TRY(decode_part(value, part));
  out = std::move(part);
  return {};
}

// Without the part that says which pods are meant, nothing may be done at all.
void SelectNothing(MonitoringTarget& out) {
  out.selector = {};
  out.namespaces.reset();
}

struct SpecDecoder {
  MonitoringTarget& out;
  bool has_selector = false;
  bool selects = true;

  Status Field(std::string_view key, JsonValue value) {
    if (Status size = CheckSize(value); !size.ok()) {
      has_selector |= key == "selector";
      return key == "selector" || key == "namespaceSelector" ? Selecting(std::move(size)) : size;
    }
    if (key == "selector") {
      has_selector = true;
      return Selecting(DecodeSelector(value, out.selector));
    }
    if (key == "namespaceSelector")
      return Selecting(DecodeNamespaceSelector(value, out.namespaces));
    if (key == "suspend") return decode::Flag(value, out.suspend);
    if (key == "metrics") return DecodePart(value, DecodeMetricsSpec, out.metrics);
    if (key == "logs") return DecodePart(value, DecodeLogsSpec, out.logs);
    if (key == "sidecar") return DecodePart(value, DecodeSidecarSpec, out.sidecar);
    return {};
  }

  Status Selecting(Status status) {
    selects &= status.ok();
    return status;
  }
};

// A part that cannot be read is noted and left out; the walk goes on with the next one.
Status DecodeSpec(JsonValue value, MonitoringTarget& out) {
  SpecDecoder decoder{out};
  auto note = [&](std::string_view key, Status status) {
    status = decode::In("spec", decode::In(key, std::move(status)));
    if (!status.ok()) out.invalid.push_back(status.error().message);
  };
  const Status walked =
      decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
        note(key, decoder.Field(key, member));
        return {};
      });
  if (walked.ok() && !decoder.has_selector) {
    note("selector", decode::Wrong("is required: it says which pods are meant"));
  }
  if (!walked.ok() || !decoder.selects || !decoder.has_selector) SelectNothing(out);
  return walked;
}

}  // namespace

Status DecodeMonitoringTarget(JsonValue value, MonitoringTarget& out) {
  bool has_spec = false;
  Status status = decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "metadata") {
      TELLTALE_TRY(DecodeObjectMeta(member, out.meta, &out.edited));
      out.meta.labels = {};  // nothing reads them, and nothing bounds them
      return {};
    }
    if (key == "spec") {
      has_spec = true;
      return DecodeSpec(member, out);
    }
    if (key == "status") {
      if (const auto raw = member.Raw()) out.status_json = Trim(*raw);
    }
    return {};
  });
  status = decode::Rooted(kKind, std::move(status));
  if (status.ok() && out.meta.name.empty()) {
    status = Fail(Code::kInvalid, "metadata.name: a MonitoringTarget needs a name");
  }
  if (status.ok() && !has_spec) status = Fail(Code::kInvalid, "spec: is required");
  if (!status.ok()) {
    SelectNothing(out);
    out.invalid.push_back(status.error().message);
    return status;
  }
  if (!out.invalid.empty()) return Fail(Code::kInvalid, out.invalid.front());
  return {};
}

bool MonitoringTarget::SameSpec(const MonitoringTarget& other) const {
  return meta.uid == other.meta.uid && suspend == other.suspend && selector == other.selector &&
         namespaces == other.namespaces && metrics == other.metrics && logs == other.logs &&
         sidecar == other.sidecar && invalid == other.invalid;
}

}  // namespace telltale

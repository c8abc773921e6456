// SPDX-License-Identifier: Apache-2.0
#include "operator/store/pod_record.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <new>

namespace telltale {
namespace {

constexpr std::size_t kMaxText = 0xFFFF;  // the API server allows 253

constexpr std::array<std::string_view, 6> kPhases = {"",          "Pending", "Running",
                                                     "Succeeded", "Failed",  "Unknown"};

std::uint16_t Size(std::string_view text) {
  return static_cast<std::uint16_t>(std::min(text.size(), kMaxText));
}

std::string Extra(const PodText& pod) {
  std::string extra = pod.sidecar_mounts;
  extra.append(1, '\0').append(pod.trouble);
  extra.append(1, '\0').append(pod.meta.owner_kind);
  return extra.append(1, '\0').append(pod.meta.owner_name);
}

struct ExtraParts {
  std::string_view mounts, trouble, owner_kind, owner_name;
};

ExtraParts PartsOf(std::string_view extra) {
  ExtraParts parts;
  for (auto* part : {&parts.mounts, &parts.trouble, &parts.owner_kind, &parts.owner_name}) {
    *part = extra.substr(0, extra.find('\0'));
    extra.remove_prefix(std::min(extra.size(), part->size() + 1));
  }
  return parts;
}

bool SameExtra(std::string_view extra, const PodText& pod) {
  const ExtraParts parts = PartsOf(extra);
  return parts.mounts == pod.sidecar_mounts && parts.trouble == pod.trouble &&
         parts.owner_kind == pod.meta.owner_kind && parts.owner_name == pod.meta.owner_name;
}

bool SameSet(const LabelSetRef& set, const LabelTexts& labels) {
  return set ? set->Same(labels) : labels.empty();
}

}  // namespace

PodRecord::Phase PodRecord::PhaseOf(std::string_view text) {
  const auto it = std::ranges::find(kPhases, text);
  return it == kPhases.end() ? kUnknown : static_cast<Phase>(it - kPhases.begin());
}

PodRecord::PodRecord(const PodText& pod, Interner& interner)
    : phase_(PhaseOf(pod.phase)),
      deleting_(pod.meta.deleting),
      host_network_(pod.host_network),
      windows_(pod.windows),
      has_sidecar_(pod.HasSidecar()),
      ip_size_(Size(pod.ip)),
      name_size_(Size(pod.meta.name)),
      uid_size_(Size(pod.meta.uid)),
      started_(static_cast<std::uint32_t>(pod.started)),
      ns_(interner.Text(pod.meta.ns)),
      node_(interner.Text(pod.node)),
      labels_(interner.Set(pod.meta.labels)),
      shape_(interner.ShapeOf(pod.containers)),
      extra_(interner.Text(Extra(pod))) {
  if (!pod.meta.annotations.empty()) annotations_ = interner.Set(pod.meta.annotations);
}

PodRef PodRecord::Make(const PodText& pod, Interner& interner) {
  const std::size_t text = std::size_t{Size(pod.meta.name)} + Size(pod.meta.uid) + Size(pod.ip);
  const auto created = static_cast<std::uint32_t>(pod.created);
  void* memory = ::operator new(sizeof(PodRecord) + text + sizeof created);
  auto* made = new (memory) PodRecord(pod, interner);
  char* end = reinterpret_cast<char*>(made + 1);
  end = std::copy_n(pod.meta.name.data(), made->name_size_, end);
  end = std::copy_n(pod.meta.uid.data(), made->uid_size_, end);
  end = std::copy_n(pod.ip.data(), made->ip_size_, end);
  std::memcpy(end, &created, sizeof created);
  return PodRef(made);
}

void PodRecord::Destroy(const PodRecord* record) {
  record->~PodRecord();
  ::operator delete(const_cast<PodRecord*>(record));
}

std::uint32_t PodRecord::created() const {
  std::uint32_t created = 0;
  std::memcpy(&created, text() + name_size_ + uid_size_ + ip_size_, sizeof created);
  return created;
}

bool PodRecord::Same(const PodText& pod) const {
  return phase_ == PhaseOf(pod.phase) && deleting_ == pod.meta.deleting &&
         host_network_ == pod.host_network && windows_ == pod.windows && name() == pod.meta.name &&
         uid() == pod.meta.uid && ip() == pod.ip && ns() == pod.meta.ns && node() == pod.node &&
         labels_->Same(pod.meta.labels) && SameSet(annotations_, pod.meta.annotations) &&
         created() == static_cast<std::uint32_t>(pod.created) &&
         started_ == static_cast<std::uint32_t>(pod.started) && SameExtra(extra_->view(), pod) &&
         shape_->Same(pod.containers);
}

void PodRecord::ExpandInto(Pod& out) const {
  out.meta.ns = ns();
  out.meta.name = name();
  out.meta.uid = uid();
  out.meta.resource_version.clear();
  out.meta.generation = 0;
  out.meta.deleting = deleting_;
  labels_->ExpandInto(out.meta.labels);
  if (annotations_) {
    annotations_->ExpandInto(out.meta.annotations);
  } else {
    out.meta.annotations.clear();
  }
  out.node = node();
  out.phase = kPhases[phase_];
  out.ip = ip();
  out.host_network = host_network_;
  out.windows = windows_;
  out.containers = shape_->containers;
  out.meta.created.clear();
  out.created = created();
  out.started = started_;
  const ExtraParts extra = PartsOf(extra_->view());
  out.sidecar_mounts = extra.mounts;
  out.trouble = extra.trouble;
  out.meta.owner_kind = extra.owner_kind;
  out.meta.owner_name = extra.owner_name;
}

Pod PodRecord::Expand() const {
  Pod pod;
  ExpandInto(pod);
  return pod;
}

PodView PodRecord::View() const {
  PodView view;
  view.ns = ns();
  view.name = name();
  view.uid = uid();
  view.phase = kPhases[phase_];
  view.ip = ip();
  view.deleting = deleting_;
  view.host_network = host_network_;
  view.windows = windows_;
  view.has_sidecar = has_sidecar_;
  if (annotations_) {
    view.opted_out = annotations_->Find(kInjectAnnotation) == "false";
    view.sidecar_image = annotations_->Find(kSidecarAnnotation).value_or("");
    view.static_pod = annotations_->Find(kMirrorAnnotation).has_value();
    view.not_injected = annotations_->Find(kNotInjectedAnnotation).value_or("");
    view.unseen_logs = annotations_->Find(kUnseenLogsAnnotation).value_or("");
  }
  view.created = created();
  view.started = started_;
  view.template_hash = labels_->Find(kTemplateHashLabel).value_or("");
  view.revision_hash = labels_->Find(kRevisionHashLabel).value_or("");
  const ExtraParts extra = PartsOf(extra_->view());
  view.sidecar_mounts = extra.mounts;
  view.trouble = extra.trouble;
  view.containers = &shape_->containers;
  return view;
}

std::size_t PodKeyTraits::Hash(std::string_view ns, std::string_view name) {
  const std::hash<std::string_view> hash;
  return (hash(ns) * 0x9E3779B97F4A7C15u) ^ hash(name);
}

const PodRecord* PodTable::FindPod(std::string_view ns, std::string_view name) const {
  return Find(PodKeyTraits::Hash(ns, name),
              [&](const PodRecord& pod) { return pod.name() == name && pod.ns() == ns; });
}

bool PodBefore(const PodRecord& a, const PodRecord& b) {
  if (a.shared_ns() == b.shared_ns()) return a.name() < b.name();
  const int order = a.ns().compare(b.ns());
  return order != 0 ? order < 0 : a.name() < b.name();
}

}  // namespace telltale

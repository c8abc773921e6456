// SPDX-License-Identifier: Apache-2.0
//
// PodRecord: what the index keeps of one pod, in about 150 bytes: namespace, node, labels, our
// annotations and the shape (containers and ports) are shared with other pods; name, uid and IP
// stand behind the record in the same allocation. Made by the pods' sink only, as it interns;
// immutable, so that any thread may read and keep it. What is not kept here changes no output: a
// pod event that differs in nothing of it is no event.
#pragma once

#include <cstdint>
#include <string_view>

#include "operator/model/pod.h"
#include "operator/model/pod_view.h"
#include "operator/store/hash_table.h"
#include "operator/store/interner.h"
#include "operator/store/ref.h"

namespace telltale {

class PodRecord final : public RefCounted<PodRecord> {
 public:
  static Ref<const PodRecord> Make(const PodText& pod, Interner& interner);
  static Ref<const PodRecord> Make(const Pod& pod, Interner& interner) {
    return Make(TextOf(pod), interner);
  }
  static void Destroy(const PodRecord* record);

  std::string_view ns() const { return ns_->view(); }
  std::string_view name() const { return {text(), name_size_}; }
  std::string_view uid() const { return {text() + name_size_, uid_size_}; }
  std::string_view ip() const { return {text() + name_size_ + uid_size_, ip_size_}; }
  std::string_view node() const { return node_->view(); }
  const TextRef& shared_ns() const { return ns_; }
  const LabelSetRef& labels() const { return labels_; }

  bool Running() const { return phase_ == kRunning && ip_size_ != 0; }
  bool Finished() const { return phase_ == kSucceeded || phase_ == kFailed; }
  bool deleting() const { return deleting_; }
  bool host_network() const { return host_network_; }
  bool HasSidecar() const { return has_sidecar_; }

  // True when a record of this pod would hold the same.
  bool Same(const PodText& pod) const;
  bool Same(const Pod& pod) const { return Same(TextOf(pod)); }
  // The pod again, without what is not kept (resourceVersion, generation). `out` is reused.
  void ExpandInto(Pod& out) const;
  Pod Expand() const;
  // Lives as long as this record.
  PodView View() const;

 private:
  enum Phase : std::uint8_t { kNone, kPending, kRunning, kSucceeded, kFailed, kUnknown };
  static Phase PhaseOf(std::string_view text);

  PodRecord(const PodText& pod, Interner& interner);
  ~PodRecord() = default;
  std::uint32_t created() const;  // stands behind the texts
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }

  Phase phase_;
  bool deleting_ : 1, host_network_ : 1, windows_ : 1, has_sidecar_ : 1;
  std::uint16_t ip_size_;
  std::uint16_t name_size_, uid_size_;
  std::uint32_t started_;
  TextRef ns_, node_;
  LabelSetRef labels_, annotations_;
  ShapeRef shape_;
  // sidecar_mounts, trouble, the owner's kind and name, with '\0' between them: nearly always that
  // of many pods.
  TextRef extra_;
};
using PodRef = Ref<const PodRecord>;

// For tables of pods by namespace and name.
struct PodKeyTraits {
  static std::size_t Hash(std::string_view ns, std::string_view name);
  static std::size_t Hash(const PodRecord& pod) { return Hash(pod.ns(), pod.name()); }
};
class PodTable : public HashTable<const PodRecord, PodKeyTraits> {
 public:
  const PodRecord* FindPod(std::string_view ns, std::string_view name) const;
};

// The order of the discovery document: namespace, then name.
bool PodBefore(const PodRecord& a, const PodRecord& b);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// LimitRangeCache: the LimitRanges of all namespaces. The sink of one reflector; read by the
// webhook for each pod that gets a sidecar. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/model/limit_range.h"

namespace telltale {

class LimitRangeCache final : public ReflectorSink {
 public:
  using Ptr = std::shared_ptr<const LimitRange>;

  std::vector<Ptr> Of(const std::string& ns) const;  // by name
  bool synced() const { return synced_; }

  void ReplaceBegin() override;
  void ReplaceEnd() override;
  void ReplaceAbort() override;
  Status Changed(JsonValue object, std::string& resource_version) override;
  Status Deleted(JsonValue object, std::string& resource_version) override;

 private:
  using Map = std::map<std::string, std::map<std::string, Ptr>>;  // namespace, name

  bool replacing_ = false;  // of the reflector
  Map incoming_;            // of the reflector
  mutable Mutex mutex_;
  Map held_ GUARDED_BY(mutex_);
  std::atomic<bool> synced_{false};
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// ConfigMapCache: the ConfigMaps that the operator writes, as the API has them. One for
// `telltale-sidecar` of every namespace and one for `telltale-promtail`; each is the sink of a
// reflector whose selector names it. Read by the reconcilers; thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/model/object_meta.h"

namespace telltale {

struct ConfigMap {
  ObjectMeta meta;
  std::map<std::string, std::string> data;
  std::size_t binary_bytes = 0;  // of binaryData, which is never ours
};

Status DecodeConfigMap(JsonValue value, ConfigMap& out);

class ConfigMapCache final : public ReflectorSink {
 public:
  using Ptr = std::shared_ptr<const ConfigMap>;

  // Called with the namespace of each ConfigMap that may have changed or gone, without a lock, on
  // the reflector's thread. Set once, before the reflector runs.
  void OnChange(std::function<void(const std::string& ns)> changed);

  Ptr Get(const std::string& ns) const;
  std::vector<Ptr> List() const;  // by namespace

  void ReplaceBegin() override;
  void ReplaceEnd() override;
  void ReplaceAbort() override;
  Status Changed(JsonValue object, std::string& resource_version) override;
  Status Deleted(JsonValue object, std::string& resource_version) override;

 private:
  using Map = std::map<std::string, Ptr>;
  void Put(Ptr held);
  void Erase(const std::string& ns);

  std::function<void(const std::string&)> changed_;
  bool replacing_ = false;  // of the reflector
  Map incoming_;            // of the reflector
  mutable Mutex mutex_;
  Map held_ GUARDED_BY(mutex_);
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// EventLog: the cluster's events as lines of a file, which a sidecar beside the operator ships to
// the log store like any other. Every replica follows the events; the leader writes them, each
// version of an event once, in the order of their resource versions. How far it came is in the
// ConfigMap `telltale-events`, so that the next leader goes on from there. A leader that is killed
// may have written up to a second of events that its successor writes again: the same lines with
// the same times.
//
// Threads: the sink's calls are the reflector's; Step, or Run, belongs to one thread; Stop is for
// any.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/api.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/reconcile/prometheus/trigger.h"

namespace telltale {

inline constexpr std::string_view kEventConfigMap = "telltale-events";

struct EventLogOptions {
  std::string ns;    // of the ConfigMap
  std::string file;  // beside it FILE.1, which it is renamed to
  std::size_t max_file = 8u << 20;
  // Events that wait for the leader to write them, at most; then the oldest are dropped.
  std::size_t max_waiting = 8'192;
  std::function<bool()> leads;
  // The element of ownerReferences of the ConfigMap, or "".
  std::function<std::string()> owner = {};
};

class EventLog : public ReflectorSink {
 public:
  // `api` writes only while this replica leads.
  EventLog(EventLogOptions options, Api& api, Registry& registry);

  void ReplaceBegin() override;
  void ReplaceEnd() override;
  void ReplaceAbort() override {}  // what came is true all the same; the rest comes with the next
  Status Changed(JsonValue event, std::string& resource_version) override;
  Status Deleted(JsonValue event, std::string& resource_version) override;

  void Run();  // a Step each second, and a last one at Stop
  void Stop() { stop_.Stop(); }
  // Writes what waits if this replica leads.
  void Step();

 private:
  // Resource versions in their order: the longer number is the larger one.
  using Version = std::pair<std::size_t, std::string>;
  using Lines = std::map<Version, std::string>;

  Status ReadPosition();
  Status SavePosition();
  Status Append(const Lines& lines);
  Lines Take();
  void Complain(const std::string& what, const Status& status);

  const EventLogOptions options_;
  Api& api_;
  Trigger stop_;
  Counter& written_;
  Counter& dropped_;

  bool leading_ = false;  // and the position of the leader before is read
  bool saved_ = true;
  std::string complaint_;

  Mutex mutex_;
  bool whole_ GUARDED_BY(mutex_) = false;  // no older version can come any more
  Lines waiting_ GUARDED_BY(mutex_);
  Version position_ GUARDED_BY(mutex_);  // all up to it are written
};

}  // namespace telltale

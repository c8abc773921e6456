// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with one pod of a MonitoringTarget, each as one sentence: what, where, what to
// do. Written only for the few problems that a status shows. Internal to operator/plan/status;
// pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod_view.h"
#include "operator/plan/reasons.h"
#include "operator/plan/status/target_status.h"

namespace telltale {

// The reason's cause and what to do, as a sentence.
std::string Sentence(Reason reason);

// Why a pod that runs without a sidecar has none.
Reason WithoutSidecarReason(const MonitoringTarget& target, const PodView& pod,
                            const Installation& installation);
std::string WithoutSidecarText(const MonitoringTarget& target, const PodView& pod, Reason reason,
                               const Installation& installation);

// How to make the pod anew, with the name of its workload where its name and labels tell it.
std::string Restart(const PodView& pod);

// What the pod's sidecar lacks of what it would be given today; "": nothing.
std::string OutdatedSidecar(const MonitoringTarget& target, const PodView& pod,
                            const Installation& installation);
std::string SidecarOutdatedText(const PodView& pod, const std::string& lacks);
std::string ConfigRefusedText(const PodView& pod);

// kImagePull, kCrashLoop or kCannotStart, of a pod with `trouble`.
Reason TroubleReason(const PodView& pod);
std::string TroubleText(const PodView& pod, Reason reason);

// `why` is a value of the label `reason` of telltale_logs_files_unread.
std::string LogsUnreadableText(const PodView& pod, std::string_view why);
std::string NoLogFilesText(const PodView& pod, const LogsSpec& logs);

// What admission said of this folder of log files, without its name; empty when the sidecar sees
// all of it.
std::string_view WhyUnseen(const PodView& pod, std::string_view directory);
std::string LogsUnseenText(const PodView& pod, std::string_view directory);
std::string LogsForbiddenText(const PodView& pod);
// `since` in seconds since the epoch; `sidecar`: the pod's own reads them, else the node's agent.
std::string LogsStalledText(const PodView& pod, std::int64_t since, bool sidecar);

// Why a pod gives no scrape target: kNoIp or kNotRunning.
Reason NotRunningReason(const PodView& pod);
std::string NotRunningText(const PodView& pod, Reason reason);
// An endpoint whose port the pod does not have; `index` is the endpoint's.
std::string PortNotFoundText(const PodView& pod, const Endpoint& endpoint, std::size_t index);
// One whose port name two containers declare.
std::string PortAmbiguousText(const PodView& pod, const Endpoint& endpoint, std::size_t index);

// A scrape target that Prometheus does not get: `error` is what it says.
std::string ScrapeFailedText(const PodView& pod, int port, const Endpoint& endpoint, Reason reason,
                             std::string_view error);

}  // namespace telltale

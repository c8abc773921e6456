// SPDX-License-Identifier: Apache-2.0
//
// A pod as it stands in an AdmissionReview, before it is stored: only what the patch must know, so
// that fields of future Kubernetes versions pass through untouched. Internal to operator/plan;
// pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale {

struct AdmittedVolume {
  std::string name;
  // Why the sidecar must never mount it, as in "is of type secret"; empty: it may.
  std::string never_shown;
};

struct VolumeMount {
  std::string volume = {};
  std::string path = {};           // normalised (operator/model/paths.h)
  std::string sub_path = {};       // of the volume
  std::string sub_path_expr = {};  // as sub_path, with $(VARIABLES) of the container
  bool read_only = false;

  bool SameFolder(const VolumeMount& other) const {
    return volume == other.volume && sub_path == other.sub_path &&
           sub_path_expr == other.sub_path_expr;
  }
};

struct EnvVariable {
  std::string name = {}, value = {};
  std::string field_path = {};  // valueFrom.fieldRef
  bool elsewhere = false;       // valueFrom a Secret, a ConfigMap or a resource
  bool operator==(const EnvVariable&) const = default;
};

// A securityContext of the pod or of a container; what is not set comes from further out.
struct RunAs {
  std::optional<std::int64_t> user, group;
};

// Quantities by resource. A request that is not given is the limit, as for the API server.
struct Resources {
  Labels requests, limits;
  bool empty() const { return requests.empty() && limits.empty(); }
};

struct AdmittedContainer {
  std::string name;
  std::vector<VolumeMount> mounts;
  bool has_mounts = false;  // the array volumeMounts is there to be appended to
  std::vector<EnvVariable> env;
  RunAs run_as;
  Resources resources;
  bool restarts = false;  // restartPolicy: Always; an init container with it is a native sidecar
};

struct AdmittedPod {
  Labels labels;
  bool has_annotations = false;
  std::size_t annotation_bytes = 0;  // names and values
  std::string safe_to_evict;         // kSafeToEvictAnnotation
  bool opted_out = false;            // telltale.dev/inject: "false"
  bool mirror = false;               // a static pod's shadow in the API: changing it does nothing
  bool host_network = false;
  bool windows = false;
  bool takes_our_port = false;
  bool has_sidecar = false;
  // serviceAccountName: the API server refuses a token in a pod that has none.
  std::string service_account;
  RunAs run_as;
  std::optional<Resources> resources;  // of the pod as a whole
  std::vector<AdmittedContainer> containers;
  std::vector<AdmittedContainer> init_containers;
  bool has_init_containers = false;
  std::vector<AdmittedVolume> volumes;
  bool has_volumes = false;
  std::vector<std::string> pull_secrets;
  bool has_pull_secrets = false;

  const AdmittedVolume* FindVolume(std::string_view name) const;
};

// Names of local volumes that may be lost when the cluster autoscaler removes a node.
inline constexpr std::string_view kSafeToEvictAnnotation =
    "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";

Status DecodeAdmittedPod(JsonValue value, AdmittedPod& out);

// Parts of it, in files of their own.
Status DecodeAdmittedVolume(JsonValue value, AdmittedVolume& out);
Status DecodeAdmittedContainer(JsonValue value, AdmittedContainer& out, bool& takes_our_port);
Status DecodeRunAs(JsonValue value, RunAs& out);
Status DecodeResources(JsonValue value, Resources& out);

}  // namespace telltale

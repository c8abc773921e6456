// SPDX-License-Identifier: Apache-2.0
//
// A pod as it stands in an AdmissionReview, before it is stored: only what the patch must know, so
// that fields of future Kubernetes versions pass through untouched. Internal to operator/plan;
// pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale {

struct VolumeMount {
  std::string volume;
  std::string path;       // normalised (operator/model/paths.h)
  std::string sub_path;   // of the volume
  bool expanded = false;  // subPathExpr: depends on the container's own environment
};

// A securityContext of the pod or of a container; what is not set comes from further out.
struct RunAs {
  std::optional<std::int64_t> user, group;
};

struct AdmittedContainer {
  std::string name;
  std::vector<VolumeMount> mounts;
  bool has_mounts = false;  // the array volumeMounts is there to be appended to
  RunAs run_as;
};

struct AdmittedPod {
  Labels labels;
  bool has_annotations = false;
  bool opted_out = false;  // telltale.dev/inject: "false"
  bool mirror = false;     // a static pod's shadow in the API: changing it changes nothing
  bool host_network = false;
  bool windows = false;
  bool takes_our_port = false;
  bool has_sidecar = false;
  RunAs run_as;
  std::vector<AdmittedContainer> containers;
  bool has_init_containers = false;
  std::vector<std::string> init_containers;  // names
  std::vector<std::string> volumes;          // names
  bool has_volumes = false;
};

Status DecodeAdmittedPod(JsonValue value, AdmittedPod& out);

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Decoding of one volume of an admitted pod: whether the sidecar may ever read it. Whoever writes a
// MonitoringTarget must not get at Secrets and tokens through the log store.
#include <algorithm>
#include <array>

#include "operator/model/decode.h"
#include "operator/model/paths.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 4> kNeverShown = {"configMap", "downwardAPI", "projected",
                                                         "secret"};
// Folders of the node with credentials of the node or of its pods.
constexpr std::array<std::string_view, 8> kNodeFolders = {
    "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/var/lib/kubelet", "/var/run"};

// Inline CSI volumes that are read-only carry Secrets and certificates (secrets-store, cert-manager
// and SPIFFE ask for readOnly), and no application logs there.
Status DecodeCsi(JsonValue value, AdmittedVolume& out) {
  bool read_only = false;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "readOnly" ? decode::Flag(member, read_only) : Status();
  }));
  if (read_only) out.never_shown = "is a read-only CSI volume";
  return {};
}

Status DecodeHostPath(JsonValue value, AdmittedVolume& out) {
  std::string path;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "path" ? decode::Text(member, path) : Status();
  }));
  const std::string folder = NormalisedPath(path);
  const bool private_folder = std::ranges::any_of(kNodeFolders, [&](std::string_view node) {
    return PathContains(folder, node) || PathContains(node, folder);
  });
  if (private_folder || HasDotDot(path)) {
    out.never_shown = "is the folder " + (folder.empty() ? "/" : folder) + " of the node";
  }
  return {};
}

}  // namespace

Status DecodeAdmittedVolume(JsonValue value, AdmittedVolume& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (member.type() == JsonValue::Type::kNull) return {};
    if (key == "name") return decode::Text(member, out.name);
    if (key == "csi") return DecodeCsi(member, out);
    if (key == "hostPath") return DecodeHostPath(member, out);
    if (std::ranges::find(kNeverShown, key) != kNeverShown.end()) {
      out.never_shown = "is of type " + std::string(key);
    }
    return {};
  });
}

}  // namespace telltale

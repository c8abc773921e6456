// SPDX-License-Identifier: Apache-2.0
//
// Mount paths compared as the kubelet sees them: by component. Pure.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// "/var//log/./shop/" and "/var/log/shop" are one path; the root is "".
std::string NormalisedPath(std::string_view path);

// True when `path` is `directory` or lies below it. Both normalised.
bool PathContains(std::string_view directory, std::string_view path);

// True when a component is "..".
bool HasDotDot(std::string_view path);

// True for folders that hold the kernel's files, configuration or credentials and no logs, also in
// the sidecar's own file system; for what lies in them, and for what they lie in. The CRD refuses
// them (crds/monitoringtargets.yaml).
bool IsNeverLogFolder(std::string_view path);

// Folders in which images have files that matter: an empty volume never covers them. The CRD
// refuses them too; an older one did not.
bool IsFolderOfImages(std::string_view path);

}  // namespace telltale

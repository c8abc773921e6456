// SPDX-License-Identifier: Apache-2.0
#include "operator/model/paths.h"

#include <algorithm>
#include <array>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, 8> kNeverLogs = {
    "/boot",           "/dev", "/etc", "/proc", "/run/secrets", "/sys", "/var/lib/kubelet",
    "/var/run/secrets"};
constexpr std::array<std::string_view, 15> kOfImages = {
    "/bin",  "/home", "/lib", "/lib64",   "/media",     "/mnt",     "/opt",    "/root",
    "/sbin", "/srv",  "/tmp", "/var/log", "/var/cache", "/var/tmp", "/var/www"};

}  // namespace

std::string NormalisedPath(std::string_view path) {
  std::string out;
  for (const auto part : Split(path, '/')) {
    if (!part.empty() && part != ".") out.append("/").append(part);
  }
  return out;
}

bool PathContains(std::string_view directory, std::string_view path) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

bool HasDotDot(std::string_view path) {
  return std::ranges::any_of(Split(path, '/'), [](std::string_view part) { return part == ".."; });
}

bool IsNeverLogFolder(std::string_view path) {
  return std::ranges::any_of(kNeverLogs, [&](std::string_view folder) {
    return PathContains(folder, path) || PathContains(path, folder);
  });
}

bool IsFolderOfImages(std::string_view path) {
  if (std::ranges::find(kOfImages, path) != kOfImages.end()) return true;
  // /usr and its folders, but not /usr/local/shop.
  if (PathContains("/usr", path) && std::ranges::count(path, '/') <= 2) return true;
  return IsNeverLogFolder(path);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/unread_reason.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "common/base/log.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(UnreadReason::kCount)> kNames{
    "permission", "link",   "broken_link",   "limit",           "compressed",
    "encoding",   "binary", "ignored_older", "directory_limit", "error"};

// The first directory above the path that we may not pass, or else the path itself.
std::string BlockedBy(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != path.npos;
       slash = path.find('/', slash + 1)) {
    const std::string above = path.substr(0, slash);
    if (faccessat(AT_FDCWD, above.c_str(), X_OK, AT_EACCESS) != 0) return above;
  }
  return path;
}

void WarnOfPermission(const std::string& path, std::string_view detail) {
  const std::string blocked = BlockedBy(path);
  struct stat info{};
  std::string mode = "unknown", owner = "unknown";
  const bool known = stat(blocked.c_str(), &info) == 0;
  if (known) {
    char text[16];
    std::snprintf(text, sizeof(text), "%04o", static_cast<unsigned>(info.st_mode) & 07777U);
    mode = text;
    owner = std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid);
  }
  const bool directory = known && S_ISDIR(info.st_mode);
  const mode_t bits = directory ? 0005 : 0004;
  std::string remedy = "let the application create files with umask 022, or run chmod o+";
  remedy += directory ? "rx " : "r ";
  remedy += blocked + ", or run the sidecar with the uid or group of the owner";
  if (known && (info.st_mode & bits) == bits) {
    remedy = "the mode allows it: check the rules of SELinux or AppArmor for the path";
  }
  LogWarn("a log file or directory cannot be read for lack of permission; it is tried again",
          {{"path", path},
           {"error", detail},
           {"blocked_by", blocked},
           {"mode", mode},
           {"owner", owner},
           {"our_uid", static_cast<std::uint64_t>(geteuid())},
           {"remedy", remedy}});
}

}  // namespace

std::string_view UnreadReasonName(UnreadReason reason) {
  return kNames[static_cast<std::size_t>(reason)];
}

void UnreadWarnings::Warn(UnreadReason reason, const std::string& path, std::string_view detail) {
  if (warned_.size() >= kMax || !warned_.insert(path).second) return;
  switch (reason) {
    case UnreadReason::kPermission:
      return WarnOfPermission(path, detail);
    case UnreadReason::kLink:
      return LogWarn(
          "a log file is not read: it is a link that leads out of the directories that the "
          "patterns name",
          {{"path", path},
           {"target", detail},
           {"remedy",
            "name the directory of its target in include; for a node agent, in pods.linkTargets "
            "(the chart's node.linkTargets)"}});
    case UnreadReason::kBrokenLink:
      return LogWarn("a log file is not read: it is a link to a path that does not exist here",
                     {{"path", path},
                      {"target", detail},
                      {"remedy",
                       "mount the directory of its target at the same path (for a node agent, the "
                       "chart's node.linkTargets), or remove the link"}});
    case UnreadReason::kLimit:
      return LogWarn(
          "a log file waits to be opened until others are done with; it is lost if it is deleted "
          "before",
          {{"path", path},
           {"error", detail},
           {"remedy",
            "raise logLimits.openFiles and the limit of the process (ulimit -n), or "
            "narrow the include patterns"}});
    case UnreadReason::kCompressed:
      return LogWarn("a log file is not read: it is compressed, and only gzip can be read",
                     {{"path", path},
                      {"format", detail},
                      {"remedy", "compress with gzip, or exclude such names"}});
    case UnreadReason::kEncoding:
      return LogWarn("a log file is not read: its byte order mark says that it is not UTF-8",
                     {{"path", path},
                      {"encoding", detail},
                      {"remedy", "write it as UTF-8, or exclude such names"}});
    case UnreadReason::kBinary:
      return LogWarn("a log file is not read: it is no text",
                     {{"path", path}, {"format", detail}, {"remedy", "exclude such names"}});
    case UnreadReason::kIgnoredOlder:
      return LogInfo("a log file is not read: it has not changed for longer than ignoreOlder",
                     {{"path", path}});
    case UnreadReason::kDirectoryLimit:
      return LogWarn("a pattern finds more directories than are watched; the others are not read",
                     {{"pattern", path},
                      {"left_out", detail},
                      {"remedy", "narrow the pattern, or split it into several"}});
    case UnreadReason::kError:
    case UnreadReason::kCount:
      return LogWarn("a log file cannot be opened; it is tried again",
                     {{"path", path}, {"error", detail}});
  }
}

}  // namespace telltale

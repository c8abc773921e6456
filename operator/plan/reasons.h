// SPDX-License-Identifier: Apache-2.0
//
// The one table of what can be wrong: code, title, cause, fix. Used by status, events, the CLI and
// the generated reference page, so that one word means one thing everywhere.
#pragma once

#include <span>
#include <string_view>

namespace telltale {

// In the order of gravity: what a person should look at first comes first.
enum class Reason {
  kInvalid,
  kNotTrusted,
  kTenantNotAllowed,
  kUnknownClass,
  kFilterUnsupported,
  kConfigTooLarge,
  kConfigNotWritten,
  kConfigRefused,
  kPodsRefused,
  kNoPodsMatched,
  kPortNotFound,
  kPortAmbiguous,
  kImagePull,
  kCrashLoop,
  kCannotStart,
  kConnectionRefused,
  kTls,
  kRedirect,
  kAuth,
  kNotFound,
  kBadContent,
  kEmptyPage,
  kLimitExceeded,
  kTimeout,
  kScrapeFailed,
  kInjectionOff,
  kSidecarMissing,
  kWebhookMissed,
  kSidecarOutdated,
  kSidecarImpossible,
  kHostNetwork,
  kLogsUnseen,
  kNoLogStore,
  kNoNodeAgent,
  kLogsForbidden,
  kLogsUnreadable,
  kNoLogFiles,
  kLogsStalled,
  kNoIp,
  kNotRunning,
  // Not known, or not yet.
  kConfigPending,
  kNoScrapeJob,
  kNotYetScraped,
  kPrometheusUnknown,
  kNoLinesYet,
  kNodeAgent,
  kSuspended,
  // All is well.
  kAccepted,
  kDiscovered,
  kInjected,
  kUp,
  kFlowing,
  kReady,
  kFinished,
  kOptedOut,
  kNotRequested,
};

struct ReasonInfo {
  Reason reason;
  std::string_view code;  // CamelCase, as it stands in status
  std::string_view title;
  std::string_view cause;
  std::string_view fix;
};

const ReasonInfo& Info(Reason reason);
std::span<const ReasonInfo> AllReasons();

}  // namespace telltale

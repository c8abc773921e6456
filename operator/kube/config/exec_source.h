// SPDX-License-Identifier: Apache-2.0
//
// Credentials that a plugin gives: run when first needed, when what it gave has expired, and after
// a 401; one run at a time, for which the others wait. A plugin that fails is not run again for a
// few seconds, however many requests come. Used by Credentials. Thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "operator/kube/config/exec_plugin.h"

namespace telltale {

class ExecSource {
 public:
  using Given = std::shared_ptr<const ExecCredential>;

  explicit ExecSource(ExecPlugin plugin, Clock& clock = RealClock());

  Result<Given> Get();
  // The server answered 401 to this one.
  void Rejected(const Given& given);
  // Kills a run under way, and at once every later one.
  void Cancel();

 private:
  Result<Given> Run() const;

  const ExecPlugin plugin_;
  Clock& clock_;
  const UniqueFd cancelled_;  // an eventfd

  Mutex mutex_;                                       // held during a run
  Given given_ GUARDED_BY(mutex_);                    // null: run before the next use
  std::optional<Error> failure_ GUARDED_BY(mutex_);   // of the last run
  std::optional<SteadyTime> run_ GUARDED_BY(mutex_);  // when it was
};

}  // namespace telltale

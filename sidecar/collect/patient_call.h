// SPDX-License-Identifier: Apache-2.0
//
// Runs a function that may never return, because a filesystem does not answer, on a thread of its
// own. A thread that has not come back by the deadline is left behind; until it has, nothing else
// is run and nothing waited for. What it brings then is thrown away. Used by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/mutex.h"

namespace telltale {

template <class T>
class PatientCall {
 public:
  // Nothing if it did not return in time, or one before it has not returned yet. `call` owns all
  // that it uses.
  std::optional<T> Run(std::function<T()> call, std::chrono::milliseconds deadline) {
    if (pending_ != nullptr) {
      MutexLock lock(pending_->mutex);
      if (!pending_->result) return std::nullopt;
    }
    pending_ = std::make_shared<State>();
    try {
      std::thread([state = pending_, call = std::move(call)] {
        T result = call();
        MutexLock lock(state->mutex);
        state->result = std::move(result);
        state->returned.NotifyAll();
      }).detach();
    } catch (const std::system_error&) {
      pending_.reset();  // no thread can be started now
      return std::nullopt;
    }
    State& state = *pending_;
    std::optional<T> result;
    {
      MutexLock lock(state.mutex);
      state.returned.WaitFor(state.mutex, deadline,
                             [&]() REQUIRES(state.mutex) { return state.result.has_value(); });
      if (!state.result) return std::nullopt;
      result = std::move(state.result);
    }
    pending_.reset();
    return result;
  }

 private:
  struct State {
    Mutex mutex;
    CondVar returned;
    std::optional<T> result GUARDED_BY(mutex);
  };
  std::shared_ptr<State> pending_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Mutex, MutexLock and CondVar: std::mutex, std::unique_lock and std::condition_variable with
// attributes for clang's thread-safety analysis. clang then checks that a member is only used
// while its mutex is held; with g++ the attributes are empty. Same cost as the std types.
//
//   mutable Mutex mutex_;
//   CondVar changed_;
//   bool stopping_ GUARDED_BY(mutex_) = false;
//   void Drop() REQUIRES(mutex_);          // the caller holds mutex_
//
//   MutexLock lock(mutex_);
//   changed_.Wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_; });
//
// A lambda is analysed on its own, so a predicate that uses guarded members says REQUIRES, too.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define TELLTALE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TELLTALE_THREAD_ATTRIBUTE(x)
#endif

// Of a member: read and written only while the mutex is held.
#define GUARDED_BY(mutex) TELLTALE_THREAD_ATTRIBUTE(guarded_by(mutex))
// Of a pointer: what it points to is used only while the mutex is held.
#define PT_GUARDED_BY(mutex) TELLTALE_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
// Of a function: the caller holds the mutex.
#define REQUIRES(...) TELLTALE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
// Of a function: the caller does not hold the mutex, because the function locks it.
#define EXCLUDES(...) TELLTALE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) TELLTALE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TELLTALE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
// Of a function that the analysis cannot follow; a comment says why it is right.
#define NO_THREAD_SAFETY_ANALYSIS TELLTALE_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace telltale {

class TELLTALE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex until the end of the scope. Unlock and Lock in between are for a call that must
// not be made with the mutex held.
class TELLTALE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  void Lock() ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// All waits release `mutex` while they wait and hold it again when they return. Those without a
// predicate may also return for no reason.
class CondVar {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  using Deadline = std::chrono::steady_clock::time_point;

  void NotifyOne() { cond_.notify_one(); }
  void NotifyAll() { cond_.notify_all(); }

  void Wait(Mutex& mutex) REQUIRES(mutex) {
    Adopted lock(mutex);
    cond_.wait(lock.lock);
  }
  void WaitFor(Mutex& mutex, Nanoseconds time) REQUIRES(mutex) {
    Adopted lock(mutex);
    cond_.wait_for(lock.lock, time);
  }

  // The predicate is called with the mutex held. The analysis cannot see that its mutex and ours
  // are the same one.
  template <typename Predicate>
  void Wait(Mutex& mutex, Predicate done) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Adopted lock(mutex);
    while (!done()) cond_.wait(lock.lock);
  }
  // False when the time is over and the predicate still does not hold.
  template <typename Predicate>
  bool WaitFor(Mutex& mutex, Nanoseconds time, Predicate done)
      REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Adopted lock(mutex);
    return cond_.wait_for(lock.lock, time, done);
  }
  template <typename Predicate>
  bool WaitUntil(Mutex& mutex, Deadline deadline, Predicate done)
      REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    Adopted lock(mutex);
    return cond_.wait_until(lock.lock, deadline, done);
  }

 private:
  // The mutex, which is held, in the form that std::condition_variable takes.
  struct Adopted {
    explicit Adopted(Mutex& mutex) : lock(mutex.mutex_, std::adopt_lock) {}
    ~Adopted() { lock.release(); }
    Adopted(const Adopted&) = delete;
    Adopted& operator=(const Adopted&) = delete;
    std::unique_lock<std::mutex> lock;
  };

  std::condition_variable cond_;
};

}  // namespace telltale

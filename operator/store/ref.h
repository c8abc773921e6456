// SPDX-License-Identifier: Apache-2.0
//
// Ref<T>: a shared pointer of 8 bytes to an object that counts its own references in 4: the index
// holds hundreds of thousands of them, and shared_ptr would take 32 bytes for each. Counting is
// atomic, so copies may live on any thread; the objects are immutable.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace telltale {

// Base of T. T::Destroy(const T*) frees it, as its memory may end with text.
template <class T>
class RefCounted {
 public:
  void AddRef() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Release() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) T::Destroy(static_cast<const T*>(this));
  }
  // True when the caller's is the only reference; lasting only when nobody else can make new ones.
  bool OnlyOne() const { return refs_.load(std::memory_order_acquire) == 1; }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<std::uint32_t> refs_{0};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_) object_->AddRef();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->Release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// ObjectStore<T>: the current objects of one kind. Written by one reflector thread through
// StoreSink<T>, read by any thread as immutable shared objects. A list replaces the whole content
// at once, so no reader ever sees a partial one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "operator/kube/watch/reflector.h"

namespace telltale {

template <class T>
class ObjectStore {
 public:
  using Ptr = std::shared_ptr<const T>;

  Ptr Get(const std::string& key) const {
    std::lock_guard lock(mutex_);
    auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : it->second;
  }
  // All objects, sorted by key.
  std::vector<Ptr> List() const {
    std::lock_guard lock(mutex_);
    std::vector<Ptr> result;
    result.reserve(objects_.size());
    for (const auto& [key, object] : objects_) result.push_back(object);
    return result;
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return objects_.size();
  }

  void Put(Ptr object) {
    std::lock_guard lock(mutex_);
    objects_[object->meta.Key()] = std::move(object);
  }
  void Erase(const std::string& key) {
    std::lock_guard lock(mutex_);
    objects_.erase(key);
  }
  void Replace(std::map<std::string, Ptr> objects) {
    std::lock_guard lock(mutex_);
    objects_.swap(objects);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Ptr> objects_;  // guarded by mutex_
};

// Decodes what a reflector delivers into a store and tells `changed` (called on the reflector's
// thread, without a lock) that something may have changed. An object that does not decode is not
// kept as it once was: it leaves the store, or, when its type can say what is wrong with it (a
// member `invalid`), stands there with that. The reflector counts the error that is returned.
template <class T>
class StoreSink final : public ReflectorSink {
 public:
  using Decode = Status (*)(JsonValue, T&);
  StoreSink(ObjectStore<T>& store, Decode decode, std::function<void()> changed)
      : store_(store), decode_(decode), changed_(std::move(changed)) {}

  void ListBegin() override { incoming_.clear(); }
  Status ListItem(JsonValue object) override {
    auto decoded = std::make_shared<T>();
    const Status status = decode_(object, *decoded);
    if (Storable(*decoded, status)) {
      std::string key = decoded->meta.Key();
      incoming_[std::move(key)] = std::move(decoded);
    }
    return status;
  }
  void ListEnd() override {
    store_.Replace(std::move(incoming_));
    incoming_.clear();
    changed_();
  }
  void ListAbort() override { incoming_.clear(); }
  Status Changed(JsonValue object) override {
    auto decoded = std::make_shared<T>();
    const Status status = decode_(object, *decoded);
    if (Storable(*decoded, status)) {
      store_.Put(std::move(decoded));
    } else if (!decoded->meta.name.empty()) {
      store_.Erase(decoded->meta.Key());
    }
    changed_();
    return status;
  }
  // Only the name is needed, so that what could not be read can still go.
  Status Deleted(JsonValue object) override {
    T decoded;
    const Status status = decode_(object, decoded);
    if (decoded.meta.name.empty()) return status;
    store_.Erase(decoded.meta.Key());
    changed_();
    return {};
  }

 private:
  static bool Storable(const T& object, const Status& status) {
    if (status.ok()) return true;
    if constexpr (requires { object.invalid; }) return !object.meta.name.empty();
    return false;
  }

  ObjectStore<T>& store_;
  Decode decode_;
  std::function<void()> changed_;
  std::map<std::string, std::shared_ptr<const T>> incoming_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// HashTable<T, Traits>: a set of Ref<T> at 8 bytes a place (open addressing, linear probing), for
// tables of which every byte counts. Traits::Hash(const T&). Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "operator/store/ref.h"

namespace telltale {

template <class T, class Traits>
class HashTable {
 public:
  std::size_t size() const { return size_; }

  // The entry with this hash for which `same` is true, or null.
  template <class Same>
  T* Find(std::size_t hash, Same same) const {
    if (places_.empty()) return nullptr;
    for (std::size_t i = hash & mask();; i = (i + 1) & mask()) {
      T* entry = places_[i].get();
      if (!entry || same(*entry)) return entry;
    }
  }
  // `entry` must not be there yet.
  void Insert(Ref<T> entry) {
    if ((size_ + 1) * 4 > places_.size() * 3) Resize(places_.empty() ? 16 : places_.size() * 2);
    Place(std::move(entry));
    ++size_;
  }
  // Room for so many. Needed before the entries of another table are inserted one by one: in the
  // order of their hashes they would pile up in the places of one that is still small.
  void Reserve(std::size_t entries) {
    std::size_t places = 16;
    while (entries * 4 > places * 3) places *= 2;
    if (places > places_.size()) Resize(places);
  }
  // Puts `entry` in the place of `old`, whose hash is the same.
  void Exchange(const T* old, Ref<T> entry) { places_[IndexOf(old)] = std::move(entry); }
  void Erase(const T* entry) {
    std::size_t hole = IndexOf(entry);
    // What was pushed on by the one that leaves moves back, so that no search ends too early.
    for (std::size_t i = (hole + 1) & mask(); places_[i]; i = (i + 1) & mask()) {
      const std::size_t home = Traits::Hash(*places_[i]) & mask();
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;
      places_[hole] = std::move(places_[i]);
      hole = i;
    }
    places_[hole] = Ref<T>();
    --size_;
  }
  template <class F>
  void ForEach(F visit) const {
    for (const auto& place : places_) {
      if (place) visit(place);
    }
  }
  // Lets go of all entries for which `gone` is true, and of places that are too many.
  template <class Gone>
  void Sweep(Gone gone) {
    std::vector<Ref<T>> old;
    old.swap(places_);
    std::size_t kept = 0;
    for (auto& place : old) {
      if (!place) continue;
      if (gone(*place)) {
        place = Ref<T>();
      } else {
        ++kept;
      }
    }
    size_ = kept;
    std::size_t wanted = 16;
    while (kept * 2 > wanted) wanted *= 2;
    places_.resize(wanted);
    for (auto& place : old) {
      if (place) Place(std::move(place));
    }
  }
  void Clear() {
    places_ = {};
    size_ = 0;
  }

 private:
  std::size_t mask() const { return places_.size() - 1; }
  std::size_t IndexOf(const T* entry) const {
    std::size_t i = Traits::Hash(*entry) & mask();
    while (places_[i].get() != entry) i = (i + 1) & mask();
    return i;
  }
  void Place(Ref<T> entry) {
    std::size_t i = Traits::Hash(*entry) & mask();
    while (places_[i]) i = (i + 1) & mask();
    places_[i] = std::move(entry);
  }
  void Resize(std::size_t places) {
    std::vector<Ref<T>> old(places);
    old.swap(places_);
    for (auto& place : old) {
      if (place) Place(std::move(place));
    }
  }

  std::vector<Ref<T>> places_;  // a power of two, or none
  std::size_t size_ = 0;
};

}  // namespace telltale

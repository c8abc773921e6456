// SPDX-License-Identifier: Apache-2.0
//
// Interner: keeps each string, label set and pod shape once, however many pods have it. One thread
// at a time makes entries (the pods' sink); what it hands out may be kept and read anywhere. What
// nobody holds any more is let go when a table has doubled since it was last swept.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/strings.h"
#include "operator/model/pod.h"
#include "operator/store/hash_table.h"
#include "operator/store/ref.h"
#include "operator/store/shared_text.h"

namespace telltale {

// As a document has them.
using LabelTexts = ObjectMetaText::Pairs;

// Labels as shared "key\0value" texts.
class LabelSet final : public RefCounted<LabelSet> {
 public:
  LabelSet(std::vector<TextRef> pairs, std::size_t hash) : pairs_(std::move(pairs)), hash_(hash) {}
  static void Destroy(const LabelSet* set) { delete set; }

  bool Same(const LabelTexts& labels) const;
  void ExpandInto(Labels& out) const;
  std::optional<std::string_view> Find(std::string_view key) const;
  std::size_t hash() const { return hash_; }

 private:
  std::vector<TextRef> pairs_;
  std::size_t hash_;
};
using LabelSetRef = Ref<const LabelSet>;

// What pods of one template have in common.
struct Shape final : RefCounted<Shape> {
  Shape(std::vector<Container> c, std::size_t h) : containers(std::move(c)), hash(h) {}
  static void Destroy(const Shape* shape) { delete shape; }
  bool Same(const std::vector<ContainerText>& other) const;

  std::vector<Container> containers;
  std::size_t hash;
};
using ShapeRef = Ref<const Shape>;

class Interner {
 public:
  TextRef Text(std::string_view text);
  LabelSetRef Set(const LabelTexts& labels);
  ShapeRef ShapeOf(const std::vector<ContainerText>& containers);

  // How many are kept; from any thread.
  std::size_t texts() const { return counts_[0]; }
  std::size_t sets() const { return counts_[1]; }
  std::size_t shapes() const { return counts_[2]; }

 private:
  struct TextTraits {
    static std::size_t Hash(const SharedText& text);
  };
  struct SetTraits {
    static std::size_t Hash(const LabelSet& set) { return set.hash(); }
  };
  struct ShapeTraits {
    static std::size_t Hash(const Shape& shape) { return shape.hash; }
  };
  template <class Table>
  void Grown(Table& table, std::size_t& sweep_at);
  void Count();

  HashTable<const SharedText, TextTraits> texts_;
  HashTable<const LabelSet, SetTraits> sets_;
  HashTable<const Shape, ShapeTraits> shapes_;
  std::size_t sweep_texts_ = 256, sweep_sets_ = 256, sweep_shapes_ = 256;
  std::string pair_;
  std::atomic<std::size_t> counts_[3] = {};
};

}  // namespace telltale

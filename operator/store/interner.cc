// SPDX-License-Identifier: Apache-2.0
#include "operator/store/interner.h"

#include <algorithm>
#include <functional>

namespace telltale {
namespace {

std::size_t HashText(std::string_view text) { return std::hash<std::string_view>()(text); }

std::size_t Mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9E3779B97F4A7C15u + (seed >> 29);
}

// A key of Kubernetes holds no NUL, so the first one is the separator.
bool IsPair(std::string_view pair, std::string_view key, std::string_view value) {
  return pair.size() == key.size() + 1 + value.size() && pair.starts_with(key) &&
         pair[key.size()] == '\0' && pair.ends_with(value);
}

bool SamePort(const ContainerPort& a, const BasicContainerPort<std::string_view>& b) {
  return a.number == b.number && a.name == b.name;
}

bool SameContainer(const Container& a, const ContainerText& b) {
  return a.init == b.init && a.native_sidecar == b.native_sidecar && a.name == b.name &&
         std::ranges::equal(a.ports, b.ports, SamePort);
}

std::size_t HashContainers(const std::vector<ContainerText>& containers) {
  std::size_t hash = containers.size();
  for (const auto& container : containers) {
    hash = Mix(hash, HashText(container.name));
    hash = Mix(hash, container.ports.size() * 4 + container.init * 2 + container.native_sidecar);
    for (const auto& port : container.ports) {
      hash = Mix(hash, HashText(port.name) + static_cast<std::size_t>(port.number));
    }
  }
  return hash;
}

std::vector<Container> Owned(const std::vector<ContainerText>& texts) {
  std::vector<Container> containers;
  containers.reserve(texts.size());
  for (const auto& text : texts) {
    auto& container = containers.emplace_back();
    container.name = text.name;
    container.init = text.init;
    container.native_sidecar = text.native_sidecar;
    for (const auto& port : text.ports) {
      container.ports.push_back({std::string(port.name), port.number});
    }
  }
  return containers;
}

}  // namespace

bool LabelSet::Same(const LabelTexts& labels) const {
  return std::ranges::equal(pairs_, labels, [](const TextRef& pair, const auto& label) {
    return IsPair(pair->view(), label.first, label.second);
  });
}

void LabelSet::ExpandInto(Labels& out) const {
  out.resize(pairs_.size());
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const std::string_view pair = pairs_[i]->view();
    const std::size_t key = pair.find('\0');
    out[i].first = pair.substr(0, key);
    out[i].second = pair.substr(key + 1);
  }
}

std::optional<std::string_view> LabelSet::Find(std::string_view key) const {
  for (const auto& held : pairs_) {
    const std::string_view pair = held->view();
    if (pair.starts_with(key) && pair.size() > key.size() && pair[key.size()] == '\0') {
      return pair.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

bool Shape::Same(const std::vector<ContainerText>& other) const {
  return std::ranges::equal(containers, other, SameContainer);
}

std::size_t Interner::TextTraits::Hash(const SharedText& text) { return HashText(text.view()); }

// A sweep looks at all entries: not for a few new ones.
constexpr std::size_t kLeast = 256;

template <class Table>
void Interner::Grown(Table& table, std::size_t& sweep_at) {
  if (table.size() >= sweep_at) {
    table.Sweep([](const auto& entry) { return entry.OnlyOne(); });
    // Rolling pods bring new labels all the time: what nobody has any more must stay a small part.
    sweep_at = table.size() + table.size() / 8 + kLeast;
  }
}

void Interner::Count() {
  counts_[0] = texts_.size();
  counts_[1] = sets_.size();
  counts_[2] = shapes_.size();
}

TextRef Interner::Text(std::string_view text) {
  const std::size_t hash = HashText(text);
  const auto* found = texts_.Find(hash, [&](const auto& held) { return held.view() == text; });
  if (found) return TextRef(found);
  Grown(texts_, sweep_texts_);
  TextRef made = SharedText::Make(text);
  texts_.Insert(made);
  Count();
  return made;
}

LabelSetRef Interner::Set(const LabelTexts& labels) {
  std::size_t hash = labels.size();
  for (const auto& [key, value] : labels) hash = Mix(Mix(hash, HashText(key)), HashText(value));
  const auto* found =
      sets_.Find(hash, [&](const auto& held) { return held.hash() == hash && held.Same(labels); });
  if (found) return LabelSetRef(found);
  Grown(sets_, sweep_sets_);
  std::vector<TextRef> pairs;
  pairs.reserve(labels.size());
  for (const auto& [key, value] : labels) {
    pair_.assign(key).append(1, '\0').append(value);
    pairs.push_back(Text(pair_));
  }
  LabelSetRef made(new LabelSet(std::move(pairs), hash));
  sets_.Insert(made);
  Count();
  return made;
}

ShapeRef Interner::ShapeOf(const std::vector<ContainerText>& containers) {
  const std::size_t hash = HashContainers(containers);
  const auto* found = shapes_.Find(
      hash, [&](const auto& held) { return held.hash == hash && held.Same(containers); });
  if (found) return ShapeRef(found);
  Grown(shapes_, sweep_shapes_);
  ShapeRef made(new Shape(Owned(containers), hash));
  shapes_.Insert(made);
  Count();
  return made;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/world_digest.h"

#include <string_view>

#include "common/base/strings.h"

namespace telltale {
namespace {

class Digest {
 public:
  void Add(std::string_view text) { Add(Hash64(text)); }
  void Add(std::uint64_t number) {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
    value_ = (value_ ^ number) * kOdd;
    value_ ^= value_ >> 29;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 1;
};

}  // namespace

std::uint64_t WorldDigest(const World& world) {
  Digest digest;
  digest.Add(world.targets.size());
  for (const auto& target : world.targets) {
    digest.Add(target->meta.ns);
    digest.Add(target->meta.name);
    digest.Add(target->meta.uid);
    digest.Add(static_cast<std::uint64_t>(target->meta.generation));
  }
  for (const auto& ns : world.namespaces) {
    digest.Add(ns->meta.name);
    digest.Add(ns->meta.deleting ? 1 : 0);
    for (const auto& [key, value] : ns->meta.labels) {
      digest.Add(key);
      digest.Add(value);
    }
  }
  return digest.value();
}

}  // namespace telltale

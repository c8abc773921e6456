// SPDX-License-Identifier: Apache-2.0
//
// Pushed families on the sidecar's page: in the order of their names between the registry's, and
// under the registry's head where it has a family of the same name. Made for one page, on the
// thread that renders it.
#pragma once

#include <memory>
#include <string_view>

#include "common/metrics/registry.h"
#include "sidecar/push/push_store.h"

namespace telltale {

class PushedPage final : public ExtraFamilies {
 public:
  explicit PushedPage(std::shared_ptr<const PushedFamilies> families)
      : families_(std::move(families)) {}

  void WriteBefore(std::string_view name, PageWriter& writer) override;
  void WriteInto(std::string_view name, MetricType type, PageWriter& writer) override;
  void WriteRest(PageWriter& writer) override;

  // Families that are left out because the registry has one of that name and of another type: it
  // got it after the push.
  std::size_t hidden() const { return hidden_; }

 private:
  void WriteNext(PageWriter& writer);

  const std::shared_ptr<const PushedFamilies> families_;
  std::size_t next_ = 0, hidden_ = 0;
};

}  // namespace telltale

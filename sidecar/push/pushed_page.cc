// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/pushed_page.h"

namespace telltale {
namespace {

void WriteMetrics(const std::vector<std::shared_ptr<const Family>>& parts, PageWriter& writer) {
  for (const auto& part : parts) {
    for (const Metric& metric : part->metrics) writer.Add(metric);
  }
}

}  // namespace

void PushedPage::WriteNext(PageWriter& writer) {
  const PushedFamily& family = (*families_)[next_++];
  writer.Begin({family.name, family.help, family.unit, family.type});
  WriteMetrics(family.parts, writer);
  WriteMetrics(family.of_files, writer);
  writer.End();
}

void PushedPage::WriteBefore(std::string_view name, PageWriter& writer) {
  while (next_ < families_->size() && (*families_)[next_].name < name) WriteNext(writer);
}

void PushedPage::WriteInto(std::string_view name, MetricType type, PageWriter& writer) {
  if (next_ == families_->size() || (*families_)[next_].name != name) return;
  const PushedFamily& family = (*families_)[next_++];
  const bool fits = family.type == type;
  if (fits) WriteMetrics(family.parts, writer);
  if (!fits || !family.of_files.empty()) ++hidden_;
}

void PushedPage::WriteRest(PageWriter& writer) {
  while (next_ < families_->size()) WriteNext(writer);
}

}  // namespace telltale

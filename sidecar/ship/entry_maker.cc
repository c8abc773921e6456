// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/entry_maker.h"

#include <algorithm>
#include <string>

#include "common/base/strings.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/tail/entry_decoder.h"

namespace telltale {

Labels LabelsOf(const TailedFile& file, const LogSource& source, LogStream stream) {
  Labels labels = source.labels;
  SetLabel(labels, "filename", file.path);
  if (stream != LogStream::kNone) {
    SetLabel(labels, "stream", stream == LogStream::kStderr ? "stderr" : "stdout");
  }
  return labels;
}

std::uint64_t MakerHash(const LogSource& source, std::string_view default_tenant,
                        std::size_t max_labels) {
  std::string text;
  auto add = [&](std::string_view part) { text.append(part).push_back('\0'); };
  add(std::to_string(kEntryVersion));
  add(std::to_string(source.pipeline ? source.pipeline->hash() : 0));
  add(std::to_string(static_cast<int>(source.format)));
  add(std::to_string(source.max_line_size));
  add(std::to_string(max_labels));
  add(source.tenant.empty() ? default_tenant : source.tenant);
  Labels labels = source.labels;
  std::sort(labels.begin(), labels.end());
  for (const auto& [name, value] : labels) {
    add(name);
    add(value);
  }
  return std::max<std::uint64_t>(Hash64(text), 1);
}

}  // namespace telltale

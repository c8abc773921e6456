// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_snapshot.h"

#include <bit>
#include <cstdint>
#include <utility>

#include "common/base/varint.h"
#include "common/exposition/page_writer.h"
#include "common/exposition/proto_parser.h"

namespace telltale {
namespace {

constexpr std::string_view kMagic = "telltale pushed groups 1\n";
constexpr std::size_t kMaxSamples = 1'000'000;

void AppendSized(std::string_view text, std::string& out) {
  AppendVarint(out, text.size());
  out += text;
}

std::string FamiliesOf(const PushedGroup& group) {
  std::string out;
  PageWriter writer({PageFormat::kProtobuf, Escaping::kAllowUtf8}, out);
  for (const auto& family : group.families) {
    writer.Begin({family->name, family->help, family->unit, family->type});
    for (const Metric& metric : family->metrics) writer.Add(metric);
    writer.End();
  }
  writer.Finish();
  return out;
}

Error Damaged() { return Fail(Code::kInvalid, "the pushed groups are damaged"); }

Result<PushedGroup> ReadGroup(std::string_view& bytes) {
  PushedGroup group;
  std::uint64_t labels = 0, pushed = 0, failed = 0;
  if (!TakeVarint(bytes, labels) || labels > bytes.size()) return Damaged();
  for (std::uint64_t i = 0; i < labels; ++i) {
    std::string_view name, value;
    if (!TakeBytes(bytes, name) || !TakeBytes(bytes, value)) return Damaged();
    SetLabel(group.labels, name, value);
  }
  std::string_view families;
  if (!TakeVarint(bytes, pushed) || !TakeVarint(bytes, failed) || !TakeBytes(bytes, families)) {
    return Damaged();
  }
  group.pushed = std::bit_cast<double>(pushed);
  group.failed = std::bit_cast<double>(failed);
  auto read = ParseProto(families, kMaxSamples);
  if (!read) return read.error();
  for (Family& family : *read) {
    group.families.push_back(std::make_shared<const Family>(std::move(family)));
  }
  return group;
}

}  // namespace

std::string WritePushSnapshot(const std::vector<PushedGroup>& groups) {
  std::string out(kMagic);
  for (const PushedGroup& group : groups) {
    AppendVarint(out, group.labels.size());
    for (const auto& [name, value] : group.labels) {
      AppendSized(name, out);
      AppendSized(value, out);
    }
    AppendVarint(out, std::bit_cast<std::uint64_t>(group.pushed));
    AppendVarint(out, std::bit_cast<std::uint64_t>(group.failed));
    AppendSized(FamiliesOf(group), out);
  }
  return out;
}

Result<std::vector<PushedGroup>> ReadPushSnapshot(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Damaged();
  bytes.remove_prefix(kMagic.size());
  std::vector<PushedGroup> groups;
  while (!bytes.empty()) {
    auto group = ReadGroup(bytes);
    if (!group) return group.error();
    groups.push_back(*std::move(group));
  }
  return groups;
}

}  // namespace telltale

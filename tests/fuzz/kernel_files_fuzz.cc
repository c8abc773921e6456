// SPDX-License-Identifier: Apache-2.0
//
// Texts of the kernel, in which names are chosen by others: mount points by whoever mounts, the
// name of a process by the process, interfaces by the network's plugin.
#include <set>
#include <string>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "sidecar/collect/mount_info.h"
#include "sidecar/collect/name_filter.h"
#include "sidecar/collect/net_stat.h"
#include "sidecar/collect/parse.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

std::string Octal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '\\';
    for (int shift = 6; shift >= 0; shift -= 3) out += static_cast<char>('0' + (byte >> shift & 7));
  }
  return out;
}

void CheckMounts(const std::vector<Mount>& mounts) {
  std::string text;
  for (const Mount& mount : mounts) {
    TELLTALE_CHECK(mount.mount_point.starts_with('/') && !mount.type.empty());
    (void)IsPseudo(mount);
    (void)IsOfContainers(mount);
    text += std::to_string(mount.id) + " " + std::to_string(mount.parent) + " 0:1 / " +
            Octal(mount.mount_point) + " rw - " + mount.type + " none" +
            (mount.read_only ? " rw,ro\n" : " rw\n");
  }
  const auto again = ParseMountInfo(text);
  TELLTALE_CHECK(again.ok() && again->size() == mounts.size());
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    TELLTALE_CHECK((*again)[i].mount_point == mounts[i].mount_point);
    TELLTALE_CHECK((*again)[i].type == mounts[i].type);
    TELLTALE_CHECK((*again)[i].read_only == mounts[i].read_only);
  }
  const auto reachable = ReachableMounts(mounts);
  std::set<std::string> places;
  for (const Mount& mount : reachable) {
    TELLTALE_CHECK(places.insert(mount.mount_point).second);  // one at each place
    TELLTALE_CHECK(mount.may_hang || !MayHang(mount));
  }
}

}  // namespace

void FuzzOne(std::string_view text) {
  if (const auto mounts = ParseMountInfo(text); mounts.ok()) CheckMounts(*mounts);
  if (const auto devices = ParseNetDev(text); devices.ok()) {
    for (const NetworkDevice& device : *devices) TELLTALE_CHECK(!device.name.empty());
  }
  if (const auto fields = ParseNetstat(text); !fields.ok()) {
    TELLTALE_CHECK(!fields.error().message.empty());
  }
  TcpStateCounter whole, cut;  // the same however the text is cut
  whole.Add(text);
  for (std::size_t at = 0; at < text.size(); at += 5) cut.Add(text.substr(at, 5));
  whole.End();
  cut.End();
  const bool lines_are_short = text.size() < 256;
  TELLTALE_CHECK(!lines_are_short || whole.states() == cut.states());
  TELLTALE_CHECK(MatchesName("*", text) && MatchesName("*" + std::string(text), text));
  const std::string label = LabelText(text);
  std::string valid;
  AppendValidUtf8(label, valid);
  TELLTALE_CHECK(valid == label);
  TELLTALE_CHECK(WholeName("a", text) == "a" && !WholeName("verylongprocess", text).empty());
  if (const auto io = ParseProcessIo(text); !io.ok()) TELLTALE_CHECK(!io.error().message.empty());
  const auto stat = ParseProcessStat(text);
  if (!stat.ok()) TELLTALE_CHECK(!stat.error().message.empty());
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The time zones that make_zones.py writes into the program when it is built. Read by TimeZone
// only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace telltale {

struct ZoneName {
  std::string_view name;
  std::uint16_t data;  // index into ZoneData(); links share one
};

// The version of tzdata, such as "2025b".
extern const std::string_view kZoneVersion;

// Sorted by name.
std::span<const ZoneName> ZoneNames();

// Each in the layout that make_zones.py describes.
std::span<const std::string_view> ZoneData();

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What Alertmanager tells the shop: the body of its webhook (version 4), as lines for the shop's
// log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace shop {

// A line for each alert, such as "Alertmanager says: ShopSells is firing". An error when `body` is
// not such a notification.
telltale::Result<std::vector<std::string>> Notifications(std::string_view body);

}  // namespace shop

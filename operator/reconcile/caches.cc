// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/caches.h"

namespace telltale {

Status DecodeConfigMap(JsonValue value, ConfigMap& out) {
  return value.ForEachField([&](std::string_view key, JsonValue field) -> Status {
    if (key == "metadata") return DecodeObjectMeta(field, out.meta);
    if (key != "data") return {};
    return field.ForEachField([&](std::string_view name, JsonValue text) -> Status {
      std::string copy(name);
      if (auto content = text.String()) out.data[std::move(copy)] = *content;
      return {};
    });
  });
}

}  // namespace telltale

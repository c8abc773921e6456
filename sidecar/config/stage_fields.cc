// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/stage_fields.h"

#include <algorithm>

#include "common/base/strings.h"
#include "sidecar/config/hints.h"
#include "sidecar/config/stage_hints.h"

namespace telltale {

std::string UnknownKey(std::string_view key, const std::string& path, const std::string& hint,
                       const std::vector<std::string>& known) {
  return "unknown key " + Quoted(key) + " in " + path +
         (hint.empty() ? KeyHint(key, known) : "; " + hint);
}

void StageOptions::Decode(std::initializer_list<Decoder::Field> fields) const {
  if (node_.kind != YamlNode::Kind::kMap) return decoder_.Map(node_, path_, fields);
  std::vector<std::string> known;
  for (const Decoder::Field& field : fields) known.emplace_back(field.key);
  for (const auto& [key, value] : node_.fields) {
    const auto field = std::ranges::find(fields, key, &Decoder::Field::key);
    if (field != fields.end()) {
      field->decode(value);
      continue;
    }
    const std::string_view stage = std::string_view(path_).substr(path_.rfind('.') + 1);
    decoder_.Unknown(value, UnknownKey(key, path_, OptionHint(stage, key, value, known), known));
  }
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/plan/golden.h"

namespace telltale {

std::string PrettyJson(const std::string& json) {
  std::string out;
  int depth = 0;
  bool quoted = false;
  auto line = [&] { out.append("\n").append(static_cast<std::size_t>(depth) * 2, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out.push_back(c);
      if (c == '\\') out.push_back(json[++i]);
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if ((c == '{' || c == '[') && i + 1 < json.size() &&
        (json[i + 1] == '}' || json[i + 1] == ']')) {
      out.push_back(c);
      out.push_back(json[++i]);
      continue;
    }
    if (c == '}' || c == ']') {
      --depth;
      line();
    }
    out.push_back(c);
    if (c == '{' || c == '[') {
      ++depth;
      line();
    }
    if (c == ',') line();
    if (c == ':') out.push_back(' ');
  }
  return out + "\n";
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/path_variables.h"

#include <algorithm>
#include <set>

namespace telltale {
namespace {

// The last definition counts, as in a process' environment.
std::size_t IndexOf(const std::vector<EnvVariable>& env, std::string_view name, std::size_t end) {
  for (std::size_t i = end; i > 0; --i) {
    if (env[i - 1].name == name) return i - 1;
  }
  return env.size();
}

// Indexes of the variables needed. A value sees only what is defined before it; other $(NAMES) in a
// value stay as they are written.
Status Collect(const AdmittedContainer& container, std::string_view text, std::size_t end,
               bool required, std::set<std::size_t>& needed) {
  const auto& env = container.env;
  for (const auto& name : VariablesIn(text)) {
    const std::size_t at = IndexOf(env, name, end);
    if (at == env.size()) {
      if (!required) continue;
      return Fail(Code::kInvalid,
                  "variable " + name + " is not in env of container " + container.name);
    }
    if (env[at].elsewhere) {
      return Fail(Code::kInvalid, "variable " + name + " of container " + container.name +
                                      " comes from a Secret, a ConfigMap or a resource");
    }
    if (!needed.insert(at).second) continue;
    TELLTALE_TRY(Collect(container, env[at].value, at, false, needed));
  }
  return {};
}

}  // namespace

std::vector<std::string> VariablesIn(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '$') continue;
    if (text[i + 1] == '$') {
      ++i;
    } else if (text[i + 1] == '(') {
      const std::size_t end = text.find(')', i);
      if (end == std::string_view::npos) break;
      names.emplace_back(text.substr(i + 2, end - i - 2));
      i = end;
    }
  }
  return names;
}

Status AddPathVariables(const AdmittedContainer& container, std::string_view expression,
                        const std::vector<EnvVariable>& own, std::vector<EnvVariable>& env) {
  std::set<std::size_t> needed;
  TELLTALE_TRY(Collect(container, expression, container.env.size(), true, needed));
  std::vector<EnvVariable> added;
  for (const std::size_t at : needed) {
    const EnvVariable& variable = container.env[at];
    const EnvVariable* there = nullptr;
    for (const auto* list :
         std::initializer_list<const std::vector<EnvVariable>*>{&own, &env, &added}) {
      const auto it = std::ranges::find(*list, variable.name, &EnvVariable::name);
      if (it != list->end()) there = &*it;
    }
    if (!there) {
      added.push_back(variable);
    } else if (*there != variable) {
      return Fail(Code::kInvalid,
                  "variable " + variable.name + " has another meaning in the sidecar");
    }
  }
  env.insert(env.end(), added.begin(), added.end());
  return {};
}

}  // namespace telltale

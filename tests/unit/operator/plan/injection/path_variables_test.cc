// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/path_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Needed(const AdmittedContainer& container, std::string_view expression) {
  std::vector<EnvVariable> env;
  std::vector<std::string> names;
  if (!AddPathVariables(container, expression, {}, env).ok()) return {"error"};
  for (const auto& variable : env) names.push_back(variable.name);
  return names;
}

TEST(PathVariables, AreFoundAsTheKubeletFindsThem) {
  EXPECT_THAT(VariablesIn("$(A)/x$(B_C)"), ElementsAre("A", "B_C"));
  EXPECT_THAT(VariablesIn("$$(A)"), IsEmpty());
  EXPECT_THAT(VariablesIn("$$$(A)"), ElementsAre("A"));
  EXPECT_THAT(VariablesIn("$(A"), IsEmpty());
  EXPECT_THAT(VariablesIn("$"), IsEmpty());
  EXPECT_THAT(VariablesIn("A$"), IsEmpty());
  EXPECT_THAT(VariablesIn(""), IsEmpty());
}

TEST(PathVariables, AValueSeesOnlyWhatIsDefinedBeforeIt) {
  AdmittedContainer container;
  container.name = "app";
  container.env = {{"LATE", "$(LATER)"}, {"LATER", "x"}, {"A", "$(LATER)$(A)"}, {"A", "$(A)2"}};
  EXPECT_THAT(Needed(container, "$(LATE)"), ElementsAre("LATE"));
  // Two definitions of one name that need each other cannot be told apart by name.
  EXPECT_THAT(Needed(container, "$(A)"), ElementsAre("error"));
  EXPECT_THAT(Needed(container, "plain"), IsEmpty());
}

}  // namespace
}  // namespace telltale

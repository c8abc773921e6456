// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/leader/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;

TEST(LeaseTest, WhatIsRenderedIsReadBack) {
  const LeaseSpec spec{"a_1", 15, "2026-11-21T01:02:03.000004Z", "2026-11-21T01:02:05.000006Z", 7};
  const std::string metadata = R"({"name":"x","resourceVersion":"12","labels":{"team":"a"}})";
  auto lease = ParseLease(RenderLease(metadata, spec));
  ASSERT_TRUE(lease.ok()) << lease.error().message;
  EXPECT_EQ(lease->spec, spec);
  EXPECT_EQ(lease->resource_version, "12");
  EXPECT_EQ(lease->metadata_json, metadata);
}

TEST(LeaseTest, AbsentAndNullFieldsAreEmpty) {
  for (const char* spec : {"null", "{}", R"({"holderIdentity":null,"leaseTransitions":null})"}) {
    auto lease =
        ParseLease(std::string(R"({"spec":)") + spec + R"(,"metadata":{"resourceVersion":"1"}})");
    ASSERT_TRUE(lease.ok()) << spec;
    EXPECT_EQ(lease->spec, LeaseSpec());
  }
}

TEST(LeaseTest, WithoutAResourceVersionItIsNoLease) {
  for (const char* body : {"", "[]", "{}", R"({"metadata":{"name":"x"},"spec":{}})",
                           R"({"metadata":{"resourceVersion":"1"},"spec":[]})", "<html>"}) {
    EXPECT_FALSE(ParseLease(body).ok()) << body;
  }
}

TEST(LeaseTest, ANewOneSaysWhoseItIs) {
  EXPECT_THAT(NewLeaseMetadata("ns", "telltale-operator"),
              HasSubstr(R"("name":"telltale-operator","namespace":"ns")"));
}

}  // namespace
}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/group_path.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

// "LABEL=VALUE ..." of a group, or "STATUS TEXT".
std::string Read(std::string_view path) {
  const GroupPath group = ParseGroupPath(path);
  if (group.status != 200) return std::to_string(group.status) + " " + group.text;
  std::string out;
  for (const auto& [name, value] : group.labels) {
    out += (out.empty() ? "" : " ") + name + "=" + value;
  }
  return out;
}

TEST(GroupPath, ReadsJobsAndLabels) {
  EXPECT_EQ(Read("/metrics/job/some_job"), "job=some_job");
  EXPECT_EQ(Read("/metrics/job/j/"), "job=j");
  EXPECT_EQ(Read("/metrics/job/j/instance/a/path/x"), "instance=a job=j path=x");
  EXPECT_EQ(Read("/metrics/job/j/b/2/a/1"), Read("/metrics/job/j/a/1/b/2"));
  EXPECT_EQ(Read("/metrics/job/j/job/k"), "job=j");
  EXPECT_EQ(Read("/metrics/job/j/a/1/a/2"), "a=2 job=j");
  EXPECT_EQ(Read("/metrics/job/caf%C3%A9"), "job=caf\xC3\xA9");
  EXPECT_EQ(Read("/metrics/job/a%20b+c"), "job=a b+c");
}

TEST(GroupPath, ReadsBase64) {
  EXPECT_EQ(Read("/metrics/job/j/path@base64/L3Zhci90bXA"), "job=j path=/var/tmp");
  EXPECT_EQ(Read("/metrics/job/j/path@base64/L3Zhci90bXA="), "job=j path=/var/tmp");
  EXPECT_EQ(Read("/metrics/job/j/path%40base64/L3Zhci90bXA%3D"), "job=j path=/var/tmp");
  EXPECT_EQ(Read("/metrics/job/j/first@base64/="), "first= job=j");
  EXPECT_EQ(Read("/metrics/job/j/x@base64/w7vDv8O-"), "job=j x=\xC3\xBB\xC3\xBF\xC3\xBE");
  EXPECT_EQ(Read("/metrics/job@base64/YS9i"), "job=a/b");
}

// The sentences are Pushgateway's.
TEST(GroupPath, SaysWhatIsWrong) {
  EXPECT_EQ(
      Read("/metrics/job/j/path@base64/!!!!"),
      "400 invalid base64 encoding for label path=\"!!!!\": illegal base64 data at input byte 0");
  EXPECT_EQ(
      Read("/metrics/job/j/x@base64/w7vDv8O+"),
      "400 invalid base64 encoding for label x=\"w7vDv8O+\": illegal base64 data at input byte 7");
  EXPECT_EQ(
      Read("/metrics/job/j/x@base64/YWJjZ"),
      "400 invalid base64 encoding for label x=\"YWJjZ\": illegal base64 data at input byte 4");
  EXPECT_EQ(Read("/metrics/job@base64/!!"),
            "400 invalid base64 encoding in job name \"\": illegal base64 data at input byte 0");
  EXPECT_EQ(Read("/metrics/job@base64/="), "400 job name is required");
  EXPECT_EQ(Read("/metrics/job/a%2Fb"), "400 odd number of components in label string \"/b\"");
  EXPECT_EQ(Read("/metrics/job/j/instance"),
            "400 odd number of components in label string \"/instance\"");
  for (const std::string name : {"bad-name", "__name__", "__x", "9a", "a@base64x"}) {
    EXPECT_EQ(Read("/metrics/job/j/" + name + "/1"), "400 improper label name \"" + name + "\"");
  }
  EXPECT_EQ(Read("/metrics/job/j/a/%zz"), "400 400 Bad Request");
  EXPECT_EQ(Read("/metrics/job/j/a/%4"), "400 400 Bad Request");
}

// There Pushgateway's pages become unreadable for good.
TEST(GroupPath, RefusesValuesThatAreNoUtf8) {
  EXPECT_EQ(Read("/metrics/job/j/a/%FF"), "400 the value of label a is not UTF-8: \"\\xff\"");
  EXPECT_EQ(Read("/metrics/job/j/a@base64/_w"), "400 the value of label a is not UTF-8: \"\\xff\"");
  EXPECT_EQ(Read("/metrics/job/%FF"), "400 the job name is not UTF-8: \"\\xff\"");
}

TEST(GroupPath, LeadsToTheCleanPath) {
  EXPECT_EQ(Read("/metrics/job/"), "307 /metrics/job");
  EXPECT_EQ(Read("/metrics/job/j/a//b/c"), "301 /metrics/job/j/a/b/c");
  EXPECT_EQ(Read("/metrics/job//"), "301 /metrics/job/");
  EXPECT_EQ(Read("/metrics/job/j/../k"), "301 /metrics/job/k");
  EXPECT_EQ(Read("/metrics/job/j/./k/l"), "301 /metrics/job/j/k/l");
  EXPECT_EQ(Read("/metrics/../../job"), "301 /job");
  for (const char* path : {"/metrics/job", "/metrics/", "/metrics/foo/bar", "/metrics/jobx/YQ",
                           "/metrics/job@base64"}) {
    EXPECT_EQ(Read(path), "404 404 page not found") << path;
  }
}

}  // namespace
}  // namespace telltale

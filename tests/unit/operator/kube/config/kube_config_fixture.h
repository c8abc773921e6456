// SPDX-License-Identifier: Apache-2.0
//
// A folder for kubeconfig files, shared by their tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/base/files.h"
#include "operator/kube/config/kube_config.h"

namespace telltale {

class KubeConfigFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + name).parent_path());
    ASSERT_TRUE(WriteFileAtomic(folder_ + name, text).ok());
  }
  // A kubeconfig with these lines in its cluster and its user.
  Result<KubeConfig> Load(const std::string& cluster, const std::string& user) {
    Write("config",
          "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
          "contexts:\n- name: other\n  context: {cluster: no, user: no}\n"
          "- name: here\n  context: {cluster: c, user: u, namespace: shop}\n"
          "clusters:\n- name: c\n  cluster: {" +
              cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n");
    return LoadKubeConfig(folder_ + "config");
  }
  Result<KubeConfig> LoadUser(const std::string& user) { return Load("server: https://x", user); }
  std::string Failure(const std::string& cluster, const std::string& user) {
    auto config = Load(cluster, user);
    return config.ok() ? "no error" : config.error().message;
  }
  std::string UserFailure(const std::string& user) { return Failure("server: https://x", user); }

  const std::string folder_ = ::testing::TempDir() + "kube-config-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
};

}  // namespace telltale

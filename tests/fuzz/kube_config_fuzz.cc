// SPDX-License-Identifier: Apache-2.0
//
// A kubeconfig file of a person, and the answer of its credential plugin. The loader takes a path,
// so the bytes go into a file in memory; it is reached through a folder of its own, because a
// kubeconfig names other files beside itself.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "common/base/check.h"
#include "common/base/log.h"
#include "common/text/json_reader.h"
#include "operator/kube/config/kube_config.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("kubeconfig", MFD_CLOEXEC)) {
    TELLTALE_CHECK(fd_ >= 0 && mkdtemp(folder_.data()) != nullptr);
    path_ = folder_ + "/config";
    TELLTALE_CHECK(symlink(("/proc/self/fd/" + std::to_string(fd_)).c_str(), path_.c_str()) == 0);
  }
  ~MemoryFile() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
    close(fd_);
  }
  void Set(std::string_view text) const {
    const auto length = static_cast<off_t>(text.size());
    TELLTALE_CHECK(pwrite(fd_, text.data(), text.size(), 0) == length);
    TELLTALE_CHECK(ftruncate(fd_, length) == 0);
  }
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string folder_ = "/tmp/kube_config_fuzz.XXXXXX";
  std::string path_;
};

void CheckPlugin(const KubeConfig& config) {
  if (!config.exec) return;
  TELLTALE_CHECK(!config.exec->command.empty());
  // What the plugin is told is always JSON, whatever the YAML was.
  JsonParser parser;
  TELLTALE_CHECK(parser
                     .Parse(config.exec->info,
                            [](JsonValue root) {
                              return root.ForEachField(
                                  [](std::string_view, JsonValue) -> Status { return {}; });
                            })
                     .ok());
  TELLTALE_CHECK(config.token.empty() && config.token_file.empty() && config.username.empty() &&
                 config.password.empty() && config.client_certificate_pem.empty());
}

void CheckHeaders(const KubeConfig& config) {
  for (const auto& [name, value] : config.impersonate) {
    TELLTALE_CHECK(name.starts_with("Impersonate-"));
    TELLTALE_CHECK(value.find_first_of("\r\n") == std::string::npos);
  }
  TELLTALE_CHECK(config.token.find_first_of("\r\n") == std::string::npos);
}

void CheckAnswer(std::string_view text) {
  const auto credential = ParseExecCredential(text, kExecV1);
  if (!credential.ok()) return;
  TELLTALE_CHECK(credential->certificate_pem.empty() == credential->key_pem.empty());
  TELLTALE_CHECK(!credential->token.empty() || !credential->key_pem.empty());
  TELLTALE_CHECK(credential->token.find_first_of("\r\n ") == std::string::npos);
}

}  // namespace

void FuzzOne(std::string_view text) {
  static const MemoryFile file;
  SetLogSinkForTest([](std::string_view) {});
  CheckAnswer(text);
  file.Set(text);
  const auto config = LoadKubeConfig(file.path());
  if (!config.ok()) {
    TELLTALE_CHECK(config.error().message.find(file.path()) != std::string::npos);
    return;
  }
  TELLTALE_CHECK(!config->server.host.empty() && !config->ns.empty());
  TELLTALE_CHECK(config->client_certificate_pem.empty() == config->client_key_pem.empty());
  TELLTALE_CHECK(config->ca_pem.empty() || !config->insecure_skip_verify);
  TELLTALE_CHECK(!config->proxy || !config->proxy->host.empty());
  CheckPlugin(*config);
  CheckHeaders(*config);
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// A kubeconfig file of a person. The loader takes a path, so the bytes go into a file in memory; it
// is reached through a folder of its own, because a kubeconfig names other files beside itself.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "common/base/check.h"
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

}  // namespace
}  // namespace telltale

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  static const MemoryFile file;
  file.Set(FuzzText(data, size));
  const auto config = LoadKubeConfig(file.path());
  if (!config.ok()) {
    TELLTALE_CHECK(config.error().message.find(file.path()) != std::string::npos);
    return 0;
  }
  TELLTALE_CHECK(!config->server.host.empty() && !config->ns.empty());
  TELLTALE_CHECK(config->client_certificate_pem.empty() == config->client_key_pem.empty());
  TELLTALE_CHECK(config->ca_pem.empty() || !config->insecure_skip_verify);
  return 0;
}

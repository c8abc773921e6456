// SPDX-License-Identifier: Apache-2.0
//
// Files of credentials that a user mounts: CA bundles, client certificates with their keys, tokens,
// user names and passwords. The first byte of the input says what the rest is; a certificate and
// its key are divided by a line "===".
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "common/net/http/token_source.h"
#include "common/net/tls/pem_files.h"
#include "common/net/tls/tls.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::string_view kDivide = "\n===\n";
constexpr std::string_view kBegin = "-----BEGIN ";

// A file without a name, in memory.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : fd_(memfd_create("credentials", MFD_CLOEXEC)) {
    TELLTALE_CHECK(::write(fd_.get(), text.data(), text.size()) ==
                   static_cast<ssize_t>(text.size()));
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

// A refusal is a sentence of one line.
void CheckSentence(const Error& error) {
  TELLTALE_CHECK(!error.message.empty());
  TELLTALE_CHECK(error.message.find('\n') == std::string::npos);
}

void CheckPem(const TlsFiles& files, std::string_view text) {
  const auto identity = PemFiles(files, std::nullopt, "Loki").Get();
  if (!identity.ok()) return CheckSentence(identity.error());
  TELLTALE_CHECK(text.find(kBegin) != std::string_view::npos);
  TELLTALE_CHECK(CheckTlsIdentity(*identity, "Loki").ok());
}

void CheckSecret(const MemoryFile& file, TokenSource::Form form) {
  const auto secret = TokenSource("", file.path(), RealClock(), "loki.x", form).Get();
  if (!secret.ok()) return CheckSentence(secret.error());
  TELLTALE_CHECK(!secret->empty());
  TELLTALE_CHECK(std::none_of(secret->begin(), secret->end(),
                              [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }));
  TELLTALE_CHECK(form == TokenSource::Form::kPassword || IsHeaderToken(*secret));
}

}  // namespace

void FuzzOne(std::string_view text) {
  static const bool quiet = ConfigureLog("error", "logfmt").ok();
  if (!quiet || text.empty()) return;
  const char kind = text.front();
  text.remove_prefix(1);
  if (kind == 't' || kind == 'p') {
    return CheckSecret(MemoryFile(text),
                       kind == 't' ? TokenSource::Form::kToken : TokenSource::Form::kPassword);
  }
  if (kind != 'k') {
    const MemoryFile ca(text);
    CheckPem({.ca = ca.path(), .certificate = "", .key = ""}, text);
    static_cast<void>(CertificateExpiry(std::string(text)));
    return;
  }
  const std::size_t divide = std::min(text.find(kDivide), text.size());
  const std::string_view pem = text.substr(0, divide);
  const std::string_view key = text.substr(std::min(divide + kDivide.size(), text.size()));
  const MemoryFile certificate_file(pem), key_file(key);
  CheckPem({.ca = "", .certificate = certificate_file.path(), .key = key_file.path()}, pem);
  static_cast<void>(KeyMatches({std::string(pem), std::string(key)}));
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Who the transport says it is, whom it expects, and how both follow the files while it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "common/base/files.h"
#include "operator/kube/client/api_transport.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/operator/kube/client/tls_mirror.h"

namespace telltale {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::int64_t Now() { return RealClock().WallNanos() / 1'000'000'000; }
KeyPair Authority(const std::string& name) { return *MakeAuthority(name, Now(), 86'400); }
KeyPair Certificate(const KeyPair& authority, const std::string& name) {
  return *MakeServerCertificate(authority, {name}, Now(), 86'400);
}

class ApiTransportIdentityTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomic(folder_ + name, text).ok());
    return folder_ + name;
  }
  void WriteClient(const KeyPair& pair) {
    Write("client.crt", pair.certificate);
    Write("client.key", pair.private_key);
  }
  KubeConfig Config(const TlsMirror& server) const {
    KubeConfig config;
    config.server.tls = true;
    config.server.host = "localhost";
    config.server.port = server.port();
    config.ca_pem = authority_.certificate;
    return config;
  }
  std::unique_ptr<HttpTransport> Connect(const KubeConfig& config) {
    auto transport = MakeApiTransport(config, {.metrics = &registry_, .clock = clock_});
    EXPECT_TRUE(transport.ok()) << transport.error().message;
    return std::move(*transport);
  }
  // What the server saw, or the error.
  static std::string Ask(HttpTransport& transport) {
    ApiRequest request;
    request.target = "/x";
    auto response = transport.Call(request);
    return response.ok() ? response->body : "failed: " + response.error().message;
  }
  ExecPlugin Plugin(const std::string& status) {
    ExecPlugin plugin;
    plugin.command = "cat";
    plugin.arguments = {Write("answer", R"({"kind":"ExecCredential","apiVersion":")" +
                                            std::string(kExecV1) + R"(","status":)" + status +
                                            "}")};
    plugin.api_version = kExecV1;
    return plugin;
  }
  static std::string CertificateStatus(const KeyPair& pair) {
    const auto text = [](std::string pem) {
      for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2) {
        pem.replace(at, 1, "\\n");
      }
      return pem;
    };
    return R"({"clientCertificateData":")" + text(pair.certificate) + R"(","clientKeyData":")" +
           text(pair.private_key) + R"("})";
  }

  const KeyPair authority_ = Authority("cluster");
  const std::string folder_ = ::testing::TempDir() + "api-transport-identity-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  FakeClock clock_;
  Registry registry_;
};

TEST_F(ApiTransportIdentityTest, TheServersNameIsSentAndItsCertificateMustCarryIt) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  const std::string seen = Ask(*Connect(Config(server)));
  EXPECT_THAT(seen, AllOf(HasSubstr("sni=localhost "),
                          HasSubstr("host=localhost:" + std::to_string(server.port()))));
}

TEST_F(ApiTransportIdentityTest, AnotherServerNameIsForTheCertificateAndNotForTheHost) {
  const TlsMirror server(Certificate(authority_, "k.example"));
  KubeConfig config = Config(server);
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("certificate is not accepted"));
  config.tls_server_name = "k.example";
  EXPECT_THAT(Ask(*Connect(config)),
              AllOf(HasSubstr("sni=k.example "),
                    HasSubstr("host=localhost:" + std::to_string(server.port()))));
  config.tls_server_name = "other.example";
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("certificate is not accepted"));
}

TEST_F(ApiTransportIdentityTest, AnAddressIsNotSentAsAName) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  KubeConfig config = Config(server);
  config.server.host = "127.0.0.1";
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("certificate is not accepted"))
      << "the certificate does not name the address";
  config.ca_pem = "";
  config.insecure_skip_verify = true;
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("sni= "));
}

TEST_F(ApiTransportIdentityTest, AClientCertificateIsShown) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  const KeyPair me = Authority("me");
  KubeConfig config = Config(server);
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("client= "));
  config.client_certificate_pem = me.certificate;
  config.client_key_pem = me.private_key;
  EXPECT_THAT(Ask(*Connect(config)), HasSubstr("client=me "));
}

TEST_F(ApiTransportIdentityTest, ARenewedClientCertificateIsUsedAndOldConnectionsAreNot) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  const KeyPair first = Authority("first"), second = Authority("second");
  WriteClient(first);
  KubeConfig config = Config(server);
  config.client_certificate_file = folder_ + "client.crt";
  config.client_key_file = folder_ + "client.key";
  config.client_certificate_pem = first.certificate;
  config.client_key_pem = first.private_key;
  auto transport = Connect(config);
  EXPECT_THAT(Ask(*transport), HasSubstr("client=first connection=1 "));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=first connection=1 ")) << "is kept";

  WriteClient(second);
  clock_.Advance(seconds(10));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=second connection=2 "));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=second connection=2 "));

  Write("client.key", first.private_key);  // does not belong to the certificate
  clock_.Advance(seconds(10));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=second connection=2 "));
  std::string page;
  registry_.Render(page);
  EXPECT_THAT(page, HasSubstr("\ntelltale_api_certificate_errors_total 1\n"));
}

TEST_F(ApiTransportIdentityTest, AStreamOutlivesTheIdentityItWasOpenedWith) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  KubeConfig config = Config(server);
  config.exec = Plugin(CertificateStatus(Authority("first")));
  auto transport = Connect(config);
  ApiRequest watch;
  watch.target = "/watch";
  int pieces = 0;
  std::thread renewal;
  auto ended = transport->Stream(watch, [&](std::string_view) {
    ++pieces;
    renewal = std::thread([&] {
      clock_.Advance(seconds(60));
      EXPECT_THAT(Ask(*transport), HasSubstr("client=first "));
      transport->Cancel();
    });
    return true;
  });
  renewal.join();
  EXPECT_EQ(ended.error().code, Code::kCancelled);
  EXPECT_EQ(pieces, 1);
}

TEST_F(ApiTransportIdentityTest, ANewAuthorityIsTrustedAfterTheFirstFailure) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  KubeConfig config = Config(server);
  config.ca_pem = Authority("of last year").certificate;
  config.ca_file = Write("ca.crt", authority_.certificate);
  auto transport = Connect(config);
  EXPECT_THAT(Ask(*transport), HasSubstr("certificate is not accepted"));
  EXPECT_THAT(Ask(*transport), HasSubstr("sni=localhost "));
}

TEST_F(ApiTransportIdentityTest, APluginsCertificateIsShownAndRenewed) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  KubeConfig config = Config(server);
  const std::int64_t end = clock_.WallNanos() + 3'600'000'000'000;
  const auto until = [&](const KeyPair& pair) {
    std::string status = CertificateStatus(pair);
    status.pop_back();
    return status + R"(,"expirationTimestamp":")" + "2026-11-21T02:02:03Z" + R"("})";
  };
  config.exec = Plugin(until(Authority("first")));
  auto transport = Connect(config);
  EXPECT_THAT(Ask(*transport), HasSubstr("client=first connection=1 "));
  Plugin(CertificateStatus(Authority("second")));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=first connection=1 "));
  clock_.Advance(std::chrono::nanoseconds(end - clock_.WallNanos()));
  EXPECT_THAT(Ask(*transport), HasSubstr("client=second connection=2 "));
}

TEST_F(ApiTransportIdentityTest, APluginThatGivesNonsenseIsOneClearSentence) {
  const TlsMirror server(Certificate(authority_, "localhost"));
  KubeConfig config = Config(server);
  config.exec = Plugin(R"({"clientCertificateData":"c","clientKeyData":"secret"})");
  EXPECT_THAT(Ask(*Connect(config)),
              HasSubstr("failed: the client-certificate and client-key for the API server are not "
                        "PEM"));
}

}  // namespace
}  // namespace telltale

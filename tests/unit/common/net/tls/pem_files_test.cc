// SPDX-License-Identifier: Apache-2.0
#include "common/net/tls/pem_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/net/tls/tls.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

std::vector<std::string>& Logged() {
  static std::vector<std::string> lines;
  return lines;
}

class PemFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    Logged().clear();
    SetLogSinkForTest([](std::string_view line) { Logged().emplace_back(line); });
  }
  void TearDown() override {
    SetLogSinkForTest(nullptr);
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + name, text).ok());
  }
  const std::string folder_ = ::testing::TempDir() + "pem-files-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  const TlsFiles files_{folder_ + "ca.crt", folder_ + "client.crt", folder_ + "client.key"};
  // What was read at start.
  TlsIdentity Known() const { return {one_.certificate, one_.certificate, one_.private_key}; }
  PemFiles Files(TlsFiles files) {
    return PemFiles(std::move(files), Known(), "the API server", [this] { ++bad_; }, clock_);
  }
  void WriteAll(const KeyPair& pair) {
    Write("ca.crt", pair.certificate);
    Write("client.crt", pair.certificate);
    Write("client.key", pair.private_key);
  }

  static KeyPair Make(const char* name) {
    return *MakeAuthority(name, RealClock().WallNanos() / 1'000'000'000, 86'400);
  }
  const KeyPair one_ = Make("one"), two_ = Make("two");
  FakeClock clock_;
  int bad_ = 0;
};

TEST_F(PemFilesTest, WhatTheFilesHoldNowIsUsedAfterTenSeconds) {
  WriteAll(one_);
  PemFiles files = Files(files_);
  const TlsIdentity first = *files.Get();
  EXPECT_EQ(first.ca, one_.certificate);
  WriteAll(two_);
  clock_.Advance(seconds(9));
  EXPECT_EQ(*files.Get(), first);
  clock_.Advance(seconds(1));
  const TlsIdentity second = *files.Get();
  EXPECT_EQ(second.ca, two_.certificate);
  EXPECT_EQ(second.certificate, two_.certificate);
  EXPECT_EQ(second.key, two_.private_key);
  EXPECT_EQ(bad_, 0);
}

TEST_F(PemFilesTest, AFailedConnectionMakesThemReadAtOnce) {
  WriteAll(two_);
  PemFiles files = Files(files_);
  EXPECT_EQ(files.Get()->ca, one_.certificate);
  files.Invalidate();
  EXPECT_EQ(files.Get()->ca, two_.certificate);
}

TEST_F(PemFilesTest, BadContentKeepsTheOldAndIsLoggedOnceAndCounted) {
  PemFiles files = Files(files_);
  const TlsIdentity first = *files.Get();
  int expected = 0;
  const auto expect_kept = [&](const std::string& log) {
    Logged().clear();
    for (int i = 0; i < 3; ++i) {
      files.Invalidate();
      EXPECT_EQ(*files.Get(), first);
    }
    expected += 3;
    EXPECT_EQ(bad_, expected);
    ASSERT_EQ(Logged().size(), 1u) << log;
    EXPECT_THAT(Logged()[0], HasSubstr("keeping the old certificates"));
    EXPECT_THAT(Logged()[0], HasSubstr(log));
  };
  expect_kept("ca.crt");  // not there
  WriteAll(one_);
  Write("ca.crt", "");
  expect_kept("is empty");
  Write("ca.crt", "-----BEGIN CERTIFICATE-----\nhalf");
  expect_kept("certificate-authority is not a PEM");
  Write("ca.crt", one_.certificate);
  // The certificate is new, the key not yet.
  Write("client.crt", two_.certificate);
  expect_kept("do not belong together");

  Write("client.key", two_.private_key);
  files.Invalidate();
  EXPECT_EQ(files.Get()->key, two_.private_key);
  EXPECT_EQ(bad_, expected);
}

TEST_F(PemFilesTest, ABundleIsReadWholeOrNotAtAll) {
  PemFiles files = Files(files_);
  const std::string both = one_.certificate + two_.certificate;
  std::string broken = both;
  broken.replace(one_.certificate.size() / 2, 8, "!!!!!!!!");
  const auto got = [&](const std::string& ca) {
    Write("ca.crt", ca);
    Write("client.crt", one_.certificate);
    Write("client.key", one_.private_key);
    files.Invalidate();
    return files.Get()->ca;
  };
  EXPECT_EQ(got(both), both);
  EXPECT_EQ(got(both.substr(0, both.size() - 40)), both) << "cut off in the second one";
  EXPECT_THAT(Logged().back(), HasSubstr("reading certificate 2 of the CA bundle"));
  EXPECT_EQ(got(broken), both) << "the second one alone must not be trusted in their place";
  EXPECT_EQ(got("\xef\xbb\xbf" + two_.certificate), two_.certificate);
  EXPECT_EQ(got("# first\r\n" + both + "text\n"), "# first\r\n" + both + "text\n");
  Write("client.crt", one_.certificate + two_.certificate.substr(0, 300));
  files.Invalidate();
  EXPECT_EQ(files.Get()->certificate, one_.certificate) << "its chain is cut off";
}

TEST_F(PemFilesTest, WhatCameWithTheKubeconfigItselfStays) {
  PemFiles files = Files({});
  files.Invalidate();
  EXPECT_EQ(files.Get()->ca, one_.certificate);
  EXPECT_EQ(bad_, 0);
}

TEST_F(PemFilesTest, AsLongAsNothingWasThereTheReasonIsTheAnswerAndThenTheFilesAre) {
  PemFiles files(files_, std::nullopt, "Loki", {}, clock_);
  auto missing = files.Get();
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("ca.crt"));
  WriteAll(two_);
  EXPECT_EQ(files.Get()->key, two_.private_key);
  Write("ca.crt", "");
  files.Invalidate();
  EXPECT_EQ(files.Get()->ca, two_.certificate);
}

}  // namespace
}  // namespace telltale

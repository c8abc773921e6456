// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::StartsWith;

// The supervisor's end.
class ServiceManagerTest : public testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  void Listen(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    socket_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  // What was said next; empty when nothing was.
  std::string Heard() {
    std::array<char, 512> text;
    const ssize_t n = recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return n <= 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(n));
  }

  TempFolder temp_;
  FakeClock clock_;
  UniqueFd socket_;
};

TEST_F(ServiceManagerTest, SaysHowTheProcessDoesByPathAndByAbstractName) {
  const std::string abstract = "@telltale-test-" + std::to_string(getpid());
  for (const std::string& name : {temp_ / "notify", abstract}) {
    Listen(name);
    ServiceManager service = ServiceManager::FromEnvironment(clock_);
    service.Ready("serves 127.0.0.1:1");
    EXPECT_EQ(Heard(), "READY=1\nSTATUS=serves 127.0.0.1:1") << name;
    service.Reloading();
    EXPECT_THAT(Heard(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    service.Stopping();
    EXPECT_THAT(Heard(), StartsWith("STOPPING=1\n"));
    EXPECT_EQ(service.NextSign(), SteadyTime::max()) << "nobody asked for a watchdog";
  }
}

TEST_F(ServiceManagerTest, SignsOfLifeComeAtHalfOfTheSupervisorsPatience) {
  Listen(temp_ / "notify");
  setenv("WATCHDOG_USEC", "10000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  ServiceManager service = ServiceManager::FromEnvironment(clock_);
  for (int second = 0; second < 12; ++second) {
    service.StillAlive(clock_.Steady());
    EXPECT_EQ(Heard(), second % 5 == 0 ? "WATCHDOG=1" : "") << second;
    clock_.Advance(std::chrono::seconds(1));
  }
}

TEST_F(ServiceManagerTest, AWatchdogOfAnotherProcessIsNotFed) {
  Listen(temp_ / "notify");
  setenv("WATCHDOG_USEC", "10000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceManager::FromEnvironment(clock_).NextSign(), SteadyTime::max());
}

TEST_F(ServiceManagerTest, WithoutASupervisorOrWithAWrongSocketNothingIsSaidAndNothingBreaks) {
  setenv("WATCHDOG_USEC", "10000000", 1);
  const std::string values[] = {"", "/nowhere/notify", "relative", "vsock:2:1",
                                std::string(200, 'x')};
  for (const std::string& value : values) {
    setenv("NOTIFY_SOCKET", value.c_str(), 1);
    ServiceManager service = ServiceManager::FromEnvironment(clock_);
    service.Ready("");
    service.Stopping();
    EXPECT_EQ(service.NextSign(), SteadyTime::max()) << value;
  }
  Listen(temp_ / "notify");
  ServiceManager service = ServiceManager::FromEnvironment(clock_);
  socket_ = UniqueFd();  // the supervisor is gone
  service.Ready("");
}

}  // namespace
}  // namespace telltale

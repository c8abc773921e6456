// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/net/http/http_client.h"

namespace telltale::faults {
std::string ProgramPath(const std::string& name) {
  const char* folder = std::getenv("TELLTALE_BIN");
  if (folder == nullptr) return "";
  const std::string path = std::string(folder) + "/" + name;
  return ::access(path.c_str(), X_OK) == 0 ? path : "";
}

ChildProcess::ChildProcess(const std::string& program, std::vector<std::string> arguments) {
  static int count = 0;
  log_ = testing::TempDir() + "telltale-faults-" + std::to_string(::getpid()) + "-" +
         std::to_string(++count) + ".log";
  arguments.insert(arguments.begin(), program);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const int out = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execv(program.c_str(), words.data());
    ::_exit(127);
  }
  ::close(out);
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  Wait();
  std::remove(log_.c_str());
}

void ChildProcess::Signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

void ChildProcess::Wait() {
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string ChildProcess::Log() const {
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  const std::string all = text.str();
  return all.size() > 6000 ? all.substr(all.size() - 6000) : all;
}

int ChildProcess::Port() {
  if (port_ != 0) return port_;
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  const std::string all = text.str();
  const std::size_t at = all.find("http_port=");
  const std::size_t end = at == std::string::npos ? at : all.find_first_of(" \n", at);
  if (end == std::string::npos) return 0;
  return port_ = std::atoi(all.c_str() + at + 10);
}

std::string ChildProcess::Get(const std::string& path) {
  if (Port() == 0) return "";
  auto url = ParseUrl("http://127.0.0.1:" + std::to_string(port_));
  HttpClientOptions options;
  options.server = *url;
  options.connect_timeout = std::chrono::seconds(1);
  HttpClient client(std::move(options));
  HttpRequest request;
  request.method = "GET";
  request.target = path;
  auto response = client.Send(request, std::chrono::seconds(2));
  return response.ok() && response->status == 200 ? response->body : "";
}

double ChildProcess::Metric(const std::string& name) {
  std::istringstream page(Get("/metrics"));
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(name + " ") || line.starts_with(name + "{")) {
      return std::atof(line.c_str() + line.rfind(' '));
    }
  }
  return 0;
}

}  // namespace telltale::faults

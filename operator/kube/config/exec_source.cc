// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/exec_source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "operator/kube/config/child_process.h"

namespace telltale {
namespace {

// Between two runs when the first one failed or what it gave was refused.
constexpr auto kPause = std::chrono::seconds(5);
constexpr std::size_t kMaxQuoted = 300;

// Ours, with the plugin's over it.
std::vector<std::string> Environment(const ExecPlugin& plugin) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    all[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : plugin.environment) all[name] = value;
  all["KUBERNETES_EXEC_INFO"] = plugin.info;
  std::vector<std::string> lines;
  lines.reserve(all.size());
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

// The last line is where programs say why.
std::string LastLine(std::string_view errors) {
  errors = Trim(errors);
  const std::size_t start = errors.rfind('\n');
  if (start != std::string_view::npos) errors.remove_prefix(start + 1);
  std::string line;
  AppendValidUtf8(errors.substr(0, kMaxQuoted), line);
  return line;
}

Error Failed(const ExecPlugin& plugin, const std::string& why) {
  std::string text = "the kubeconfig's credential plugin " + plugin.command + " failed: " + why;
  if (!plugin.install_hint.empty()) text.append("; ").append(Trim(plugin.install_hint));
  return Fail(Code::kUnavailable, std::move(text));
}

}  // namespace

ExecSource::ExecSource(ExecPlugin plugin, Clock& clock)
    : plugin_(std::move(plugin)), clock_(clock), cancelled_(eventfd(0, EFD_CLOEXEC)) {
  TELLTALE_CHECK(cancelled_);
}

Result<ExecSource::Given> ExecSource::Get() {
  MutexLock lock(mutex_);
  const bool just_run = run_ && clock_.Steady() - *run_ < kPause;
  // One that is expired when it is given must not make the plugin run with every request.
  if (given_ &&
      (just_run || !given_->expires_nanos || clock_.WallNanos() < *given_->expires_nanos)) {
    return given_;
  }
  if (failure_ && just_run) return *failure_;
  run_ = clock_.Steady();
  auto made = Run();
  given_ = made.ok() ? *made : nullptr;
  failure_ = made.ok() ? std::nullopt : std::optional<Error>(made.error());
  return made;
}

void ExecSource::Rejected(const Given& given) {
  MutexLock lock(mutex_);
  // Not when somebody else has got a new one in between, nor when this one is new: a server that
  // refuses whatever the plugin gives must not make it run with every request.
  if (given_ == given && run_ && clock_.Steady() - *run_ >= kPause) given_ = nullptr;
}

void ExecSource::Cancel() {
  const std::uint64_t one = 1;
  (void)!write(cancelled_.get(), &one, sizeof one);
}

Result<ExecSource::Given> ExecSource::Run() const {
  ChildCommand command;
  command.arguments = {plugin_.command};
  command.arguments.insert(command.arguments.end(), plugin_.arguments.begin(),
                           plugin_.arguments.end());
  command.environment = Environment(plugin_);
  command.cancel_fd = cancelled_.get();
  auto ended = RunChild(command);
  if (!ended.ok()) {
    if (ended.error().code == Code::kCancelled) return ended.error();
    return Failed(plugin_, ended.error().message);
  }
  if (ended->exit_code != 0) {
    const std::string line = LastLine(ended->errors);
    return Failed(plugin_, "it ended with " + std::to_string(ended->exit_code) +
                               (line.empty() ? "" : " (" + line + ")"));
  }
  auto credential = ParseExecCredential(ended->output, plugin_.api_version);
  if (!credential.ok()) return Failed(plugin_, credential.error().message);
  return Given(std::make_shared<const ExecCredential>(std::move(*credential)));
}

}  // namespace telltale

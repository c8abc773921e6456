// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/reloader.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxFile = 16u << 20;
constexpr int kRestoreTries = 3;

Counter& ResultCounter(Registry& registry, const char* result) {
  return registry.AddCounter(
      "telltale_reload_requests_total",
      "POSTs that ask Promtail to read its changed configuration, by result.",
      {{"result", result}});
}

// Changes whenever the file at `path` does; empty while there is none.
std::string StampOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {};
  std::string stamp;
  for (const auto number :
       {static_cast<long long>(info.st_mtim.tv_sec), static_cast<long long>(info.st_mtim.tv_nsec),
        static_cast<long long>(info.st_ctim.tv_sec), static_cast<long long>(info.st_ctim.tv_nsec),
        static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size)}) {
    stamp += std::to_string(number) + " ";
  }
  return stamp;
}

std::string ErrorOf(const Result<HttpResponse>& response) {
  if (!response.ok()) return response.error().message;
  return "HTTP " + std::to_string(response->status) + ": " +
         std::string(Trim(std::string_view(response->body).substr(0, 500)));
}

// Promtail answers 500 to this (its reloadConfig).
bool IsUnchanged(const Result<HttpResponse>& response) {
  return response.ok() && response->body.find("config has not changed") != std::string::npos;
}

Url CheckedUrl(const std::string& text) {
  auto url = ParseUrl(text);
  return url.ok() ? *std::move(url) : Url{};
}

HttpClientOptions ClientOptions(const Url& url) {
  HttpClientOptions options;
  options.server = url;
  options.user_agent = "telltale-sidecar";
  return options;
}

}  // namespace

ReloadCounters::ReloadCounters(Registry& registry)
    : success(ResultCounter(registry, "success")),
      unchanged(ResultCounter(registry, "unchanged")),
      failure(ResultCounter(registry, "failure")) {}

FileReload::FileReload(ReloadConfig config, Clock& clock, ReloadCounters& counters)
    : config_(std::move(config)),
      clock_(clock),
      counters_(counters),
      url_(CheckedUrl(config_.url)),
      client_(ClientOptions(url_)),
      backoff_(std::chrono::seconds(1), kReloadRetryCap) {
  if (config_.copy.empty()) return;
  copy_.emplace(config_.copy);
  // For a Promtail that starts with us.
  auto text = ReadFile(config_.watch, kMaxFile);
  if (const Status made = copy_->Prepare(text.ok() ? *text : ""); !made.ok()) {
    LogWarn("cannot write the file that Promtail reads", {{"error", made.error().message}});
  }
}

void FileReload::Look() {
  const std::string stamp = StampOf(config_.watch);
  if (stamp == stamp_) return;
  stamp_ = stamp;
  std::string content;
  if (!stamp.empty()) {
    auto text = ReadFile(config_.watch, kMaxFile);
    if (!text.ok()) {
      LogWarn("cannot read a watched file", {{"error", text.error().message}});
      return;
    }
    content = HashHex(*text);
    if (copy_) text_ = *std::move(text);
  }
  if (content == content_) return;
  content_ = content;
  backoff_.Reset();
  next_try_ = clock_.Steady();
}

Result<HttpResponse> FileReload::Ask() {
  HttpRequest request;
  request.method = "POST";
  request.target = url_.target;
  return client_.Send(request, kReloadTimeout);
}

bool FileReload::Restore(bool answered) {
  if (!copy_) return false;
  // A text that Promtail has loaded before, under another process of ours, is another one the next
  // time.
  for (int tries = 0; tries < kRestoreTries; ++tries) {
    const auto restored = copy_->Restore();
    if (!restored.ok()) {
      LogWarn("cannot restore the file that Promtail reads", {{"error", restored.error().message}});
      return false;
    }
    if (!*restored) return false;
    if (!answered) return true;
    const auto response = Ask();
    if (response.ok() && response->status / 100 == 2) return true;
    if (IsUnchanged(response)) continue;
    LogWarn("Promtail does not take back its last good configuration; it reads it when it starts",
            {{"file", config_.copy}, {"error", ErrorOf(response)}});
    return true;
  }
  return true;
}

void FileReload::Post() {
  Status offered;
  if (copy_) offered = copy_->Offer(text_);
  const Result<HttpResponse> response =
      offered.ok() ? Ask() : Result<HttpResponse>(offered.error());
  if (response.ok() && response->status / 100 == 2) {
    counters_.success.Add();
    LogInfo("Promtail reads its changed configuration",
            {{"file", config_.watch}, {"url", config_.url}});
  } else if (IsUnchanged(response)) {
    counters_.unchanged.Add();
  } else {
    counters_.failure.Add();
    return Failed(response);
  }
  last_error_.clear();
  accepted_ = content_;
  if (!copy_) return;
  if (const Status kept = copy_->Accept(); !kept.ok()) {
    LogWarn("cannot keep what Promtail accepted", {{"error", kept.error().message}});
  }
}

void FileReload::Failed(const Result<HttpResponse>& response) {
  const bool restored = Restore(response.ok());
  const std::string error = ErrorOf(response);
  const bool cancelled = !response.ok() && response.error().code == Code::kCancelled;
  if (error != last_error_ && !cancelled) {
    LogWarn(restored
                ? "Promtail did not accept its changed configuration and has the last good one "
                  "again; it is asked again later"
                : "Promtail did not accept its changed configuration; it is asked again until "
                  "it does",
            {{"file", config_.watch}, {"url", config_.url}, {"error", error}});
  }
  last_error_ = error;
  // One that does not answer has refused nothing: it starts.
  const bool refused = restored && response.ok();
  next_try_ = clock_.Steady() + (refused ? SteadyTime::duration(kRefusedRetry) : backoff_.Next());
}

SteadyTime FileReload::Step() {
  Look();
  // Promtail is not asked to read a file that does not exist.
  if (!content_.empty() && content_ != accepted_ && clock_.Steady() >= next_try_) Post();
  const SteadyTime look = clock_.Steady() + kReloadLook;
  return !content_.empty() && content_ != accepted_ ? std::min(look, next_try_) : look;
}

Reloader::Reloader(Registry& registry, Clock& clock) : clock_(clock), counters_(registry) {}

Reloader::~Reloader() { Stop(); }

void Reloader::Configure(const std::vector<ReloadConfig>& entries) {
  std::vector<std::shared_ptr<FileReload>> next;
  MutexLock lock(mutex_);
  if (stopping_) return;
  for (const ReloadConfig& config : entries) {
    const auto known = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& e) { return e->config() == config; });
    next.push_back(
        known != entries_.end() ? *known : std::make_shared<FileReload>(config, clock_, counters_));
  }
  for (const auto& entry : entries_) {
    if (std::find(next.begin(), next.end(), entry) == next.end()) entry->Cancel();
  }
  entries_ = std::move(next);
  if (!entries_.empty() && !thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.NotifyAll();
}

void Reloader::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& entry : entries_) entry->Cancel();
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Reloader::Run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const auto entries = entries_;
    lock.Unlock();
    SteadyTime next = clock_.Steady() + std::chrono::hours(1);
    for (const auto& entry : entries) next = std::min(next, entry->Step());
    lock.Lock();
    if (stopping_) return;
    if (entries_ == entries) changed_.WaitFor(mutex_, next - clock_.Steady());
  }
}

}  // namespace telltale

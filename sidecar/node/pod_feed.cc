// SPDX-License-Identifier: Apache-2.0
#include "sidecar/node/pod_feed.h"

#include <algorithm>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{10'000}, kRetryCap{15'000};

// What was known of the pod: for the same target, else for another one that read a container of it.
template <class Map, class PodIn>
const NodePod* LastOf(const Map& map, const NodePod& now, PodIn pod_in) {
  const NodePod* last = nullptr;
  const auto [begin, end] = map.equal_range(now.Folder());
  for (auto it = begin; it != end; ++it) {
    const NodePod& pod = pod_in(it->second);
    if (pod.target->name == now.target->name) return &pod;
    const auto& names = pod.containers;
    if (std::ranges::find_first_of(names, now.containers) != names.end()) last = &pod;
  }
  return last;
}

HttpClientOptions ClientOptions(const Url& server) {
  HttpClientOptions options;
  options.server = server;
  options.user_agent = "telltale-sidecar";
  return options;
}

Counter& RequestCounter(Registry& registry, const char* result) {
  return registry.AddCounter("telltale_node_pod_list_requests_total",
                             "Requests to the operator for the pods of this node.",
                             {{"result", result}});
}

bool IsUnder(const std::set<std::string>& paths, const std::string& folder) {
  const auto at = paths.lower_bound(folder + "/");
  return at != paths.end() && at->starts_with(folder + "/");
}

}  // namespace

PodFeed::PodFeed(PodFeedOptions options, Registry& registry, Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      client_(ClientOptions(options_.operator_url)),
      token_("", options_.token_file, clock, "pods.operatorTokenFile"),
      backoff_(kAskEvery, kRetryCap),
      changed_(RequestCounter(registry, "changed")),
      unchanged_(RequestCounter(registry, "unchanged")),
      failed_(RequestCounter(registry, "failure")),
      pods_read_(
          registry.AddGauge("telltale_node_pods", "Pods of this node whose output is read.")),
      success_time_(registry.AddGauge("telltale_node_pod_list_last_success_timestamp_seconds",
                                      "When the operator last said which pods are read.")),
      unusable_parts_(registry.AddGauge("telltale_node_pod_list_unusable_parts",
                                        "Parts of the operator's last list of pods that are wrong "
                                        "or unknown and are left out.")),
      target_gauges_(registry) {}

PodFeed::~PodFeed() { Stop(); }

void PodFeed::Start() {
  Recall();
  thread_ = std::thread([this] { Run(); });
}

void PodFeed::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  client_.Cancel();
  if (thread_.joinable()) thread_.join();
}

std::vector<NodePod> PodFeed::pods() const {
  MutexLock lock(mutex_);
  return pods_;
}

void PodFeed::Run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    lock.Unlock();
    Step();
    lock.Lock();
    wake_.WaitFor(mutex_, wait_, [this]() REQUIRES(mutex_) { return stopping_; });
  }
}

void PodFeed::Recall() {
  if (options_.state_dir.empty()) return;
  if (auto made = MakeDirectories(options_.state_dir); !made) {
    LogWarn("the list of pods cannot be kept", {{"error", made.error().message}});
  }
  auto copy = ReadFile(CopyPath(), 4u << 20);
  if (!copy.ok() || !Take(*copy, true)) return;
  LogInfo("the pods of the last start are read until the operator answers",
          {{"pods", listed_.size()}});
  Publish();
}

void PodFeed::Step() {
  const bool changed = Ask();
  if (LetGo() || changed) Publish();
}

// True when the list changed.
bool PodFeed::Ask() {
  HttpRequest request;
  request.target = "/logs/v1/pods?node=" + UrlEncode(options_.node);
  if (!version_.empty()) request.headers = {{"If-None-Match", version_}};
  const auto token = token_.Get();
  if (!token.ok()) {
    Failed(token.error().message);
    return false;
  }
  if (!token->empty()) request.headers.emplace_back("Authorization", "Bearer " + *token);
  const auto response = client_.Send(request, kTimeout);
  if (response.ok() && response->status == 401) token_.Rejected();
  if (!response.ok()) {
    if (response.error().code != Code::kCancelled) Failed(response.error().message);
    return false;
  }
  if (response->status != 200 && response->status != 304) {
    Failed("HTTP " + std::to_string(response->status) + ": " +
           std::string(Trim(response->body.substr(0, 200))));
    return false;
  }
  if (response->status == 200 && !Take(response->body, false)) return false;
  backoff_.Reset();
  wait_ = kAskEvery;
  success_time_.Set(static_cast<double>(clock_.WallNanos() / 1'000'000'000));
  if (!std::exchange(last_error_, "").empty()) LogInfo("the operator answers again");
  if (response->status == 304) {
    unchanged_.Add();
    return false;
  }
  changed_.Add();
  const std::string* version = FindHeader(response->headers, "ETag");
  version_ = version != nullptr ? *version : "";
  return true;
}

void PodFeed::Failed(const std::string& why) {
  failed_.Add();
  wait_ = backoff_.Next();
  if (why != last_error_) {
    LogWarn("the operator does not say which pods are read; the last list stays in effect",
            {{"error", why}});
  }
  last_error_ = why;
}

// Takes a new list. Pods that are not on it any more linger in gone_.
bool PodFeed::Take(const std::string& json, bool recalled) {
  auto decoded = DecodeNodeLogs(json);
  if (!decoded.ok()) {
    if (!recalled) Failed(decoded.error().message);
    return false;
  }
  LogProblems(decoded->problems);
  targets_.clear();
  std::multimap<std::string, NodePod> before;
  for (NodePod& pod : listed_) {
    std::string folder = pod.Folder();
    before.emplace(std::move(folder), std::move(pod));
  }
  listed_.clear();
  TargetCache targets;
  bool all_usable = true;
  for (NodePod& pod : decoded->pods) {
    const NodePod* last = LastOf(before, pod, [](const NodePod& each) -> auto& { return each; });
    if (last == nullptr) {
      last = LastOf(gone_, pod, [](const Gone& each) -> auto& { return each.pod; });
    }
    NoteTarget(*pod.target, last == nullptr ? nullptr : last->target.get());
    if (!pod.target->usable) {
      all_usable = false;
      if (last == nullptr) continue;  // nothing good is known
      pod.target = last->target;
    } else if (last != nullptr) {
      pod.target = Merged(last->target, pod.target, targets);
    }
    listed_.push_back(std::move(pod));
  }
  std::set<std::string> listed;
  for (const NodePod& pod : listed_) listed.insert(pod.Folder());
  std::erase_if(gone_, [&](const auto& each) { return listed.contains(each.first); });
  for (auto& [folder, pod] : before) {
    if (!listed.contains(folder)) gone_.emplace(folder, Gone{std::move(pod), clock_.Steady()});
  }
  // A list with a bad target would leave out its pods at the next start, so the last copy stays.
  if (recalled || !all_usable || options_.state_dir.empty()) return true;
  if (auto written = WriteFileAtomic(CopyPath(), json); !written.ok()) {
    LogWarn("the list of pods cannot be kept for the next start",
            {{"error", written.error().message}});
  }
  return true;
}

// `in_effect`: what a pod of the target has until now.
void PodFeed::NoteTarget(const NodeTarget& listed, const NodeTarget* in_effect) {
  TargetState& state = targets_[listed.name];
  state.refused = !listed.usable;
  if (listed.usable) {
    state.generation = listed.generation;
  } else if (in_effect != nullptr && in_effect->name == listed.name) {
    state.generation = in_effect->generation;
  }
}

// Each problem is logged when it appears, not with every new list.
void PodFeed::LogProblems(const std::vector<std::string>& problems) {
  std::set<std::string> now(problems.begin(), problems.end());
  for (const std::string& problem : now) {
    if (problems_.contains(problem)) continue;
    LogError("a part of the operator's list of pods cannot be used", {{"problem", problem}});
  }
  unusable_parts_.Set(static_cast<double>(now.size()));
  problems_ = std::move(now);
}

// The target that a pod has from now on: the old object if nothing changed, and the new one with
// the old pipeline object if only something else changed. Equal pipelines must be one object, or
// the files' stages would start anew.
std::shared_ptr<const NodeTarget> PodFeed::Merged(const std::shared_ptr<const NodeTarget>& before,
                                                  const std::shared_ptr<const NodeTarget>& now,
                                                  TargetCache& cache) {
  if (SameTarget(*before, *now)) return before;
  const bool same_stages =
      before->pipeline && now->pipeline && before->pipeline->hash() == now->pipeline->hash();
  if (!same_stages) return now;
  auto& merged = cache[{before.get(), now.get()}];
  if (!merged) {
    auto copy = std::make_shared<NodeTarget>(*now);
    copy->pipeline = before->pipeline;
    merged = std::move(copy);
  }
  return merged;
}

// True when one of those off the list is done with.
bool PodFeed::LetGo() {
  const SteadyTime now = clock_.Steady();
  const bool asks = std::ranges::any_of(
      gone_, [&](const auto& each) { return now - each.second.since >= kLinger; });
  if (!asks) return false;
  const auto behind = options_.behind(kBehind);
  std::size_t let_go = std::erase_if(gone_, [&](const auto& each) {
    const auto age = now - each.second.since;
    if (age < kLinger) return false;
    if (age >= kLongest) return true;
    return behind && !IsUnder(*behind, options_.directory + "/" + each.first);
  });
  while (gone_.size() > kMaxGone) {
    const auto oldest =
        std::ranges::min_element(gone_, {}, [](const auto& each) { return each.second.since; });
    LogWarn("too many deleted pods wait to be read to their end: one is let go",
            {{"pod", oldest->first}});
    gone_.erase(oldest);
    ++let_go;
  }
  return let_go > 0;
}

void PodFeed::Publish() {
  std::vector<NodePod> pods = listed_;
  for (const auto& [folder, gone] : gone_) pods.push_back(gone.pod);
  std::set<std::string> folders;
  for (const NodePod& pod : pods) folders.insert(pod.Folder());
  pods_read_.Set(static_cast<double>(folders.size()));
  target_gauges_.Publish(targets_);
  {
    MutexLock lock(mutex_);
    pods_ = std::move(pods);
  }
  options_.changed();
}

}  // namespace telltale

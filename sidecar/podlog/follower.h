// SPDX-License-Identifier: Apache-2.0
//
// Follows the output of one container of our pod by the API server's pods/log, into a spool that
// the log pipeline tails. An answer that ends, or says nothing for long (the kubelet's follow is
// known to go silent when the log is rotated), is asked for again from where the last line was;
// what ended with a container before a restart is asked for, too. While Loki is away the spool
// grows to its limit, and then the kubelet's files are the buffer.
//
// Threads: one of its own from Start to Stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"
#include "sidecar/podlog/resume_point.h"
#include "sidecar/podlog/spool.h"
#include "sidecar/podlog/stream_lines.h"

namespace telltale {

// How the API server is reached; the files are read for each request, as they are replaced.
struct PodLogServer {
  Url url;
  std::string token_file, ca_file;
};

// That of the pod that we run in: KUBERNETES_SERVICE_HOST and _PORT, and the service account's
// files. An error outside of a cluster.
Result<PodLogServer> InClusterServer();

struct FollowerOptions {
  PodLogServer server;
  std::string ns, pod, container;
  std::string spool;  // path of the file
  // Up to where Loki has a file; nothing when that cannot be told now.
  std::function<std::optional<std::uint64_t>(const std::string& path)> acked;
  std::uint64_t max_unacked = 8 << 20;
  std::chrono::milliseconds silence{30'000}, max_silence{600'000};
  std::chrono::milliseconds retry{1'000}, retry_cap{10'000};
};

class LogFollower {
 public:
  LogFollower(FollowerOptions options, Registry& registry, Clock& clock);
  ~LogFollower();  // stops

  void Start();
  void Stop();

 private:
  enum class End { kClosed, kSilent, kFull, kGap, kNotYet, kRefused, kFailed, kStopped };

  void Run();
  End Ask(bool previous);
  void AskForPrevious();
  bool Take(std::string_view piece);
  bool TakeLine(std::int64_t time, std::string_view text);
  bool HasRoom();
  End EndOf(const Result<HttpResponse>& response);
  void Complain(const std::string& what, const std::string& why);
  void Await(std::chrono::milliseconds time);
  bool stopping();

  const FollowerOptions options_;
  Counter& lines_;
  Counter& known_;
  Counter& gaps_;
  Counter& failures_;
  Gauge& following_;
  Gauge& forbidden_;

  // Of the thread.
  ResumePoint point_;
  Spool spool_;
  Backoff backoff_;
  StreamLines lines_in_;
  bool first_ = true;       // the next line is the first of the answer
  bool previous_ = false;   // the answer is of the container before its restart
  bool gap_known_ = false;  // and was asked for, so that the next answer is taken as it is
  bool gap_ = false;        // what the answer begins with does not go on from what was there
  std::chrono::milliseconds silence_;
  std::optional<End> ended_;  // why the sink ended the answer
  std::uint64_t checked_ = 0;
  std::uint64_t got_ = 0;  // new lines of the answer
  std::string last_error_;

  Mutex mutex_;
  CondVar wake_;
  std::unique_ptr<HttpClient> client_;  // replaced under mutex_, by the thread; used without
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// Pushgateway's API over a PushStore: PUT, POST and DELETE below /metrics/job/. Only clients of the
// pod itself may push. Handle is called by the HTTP server's thread; the rest from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http/http.h"
#include "sidecar/push/push_metrics.h"
#include "sidecar/push/push_store.h"

namespace telltale {

struct PushOptions {
  PushLimits limits;
  std::size_t max_body = 2 << 20;  // as it is sent, and uncompressed
  bool operator==(const PushOptions&) const = default;
};

class PushHandler {
 public:
  PushHandler(Registry& registry, Clock& clock);

  // Nothing switches pushes off, and forgets what was pushed.
  void Configure(const std::optional<PushOptions>& options);
  bool enabled() const { return enabled_; }

  // The answer to a request below /metrics/ and to those of Pushgateway's health; nothing for other
  // paths, and if pushes are off.
  std::optional<HttpResponse> Handle(const HttpRequest& request);
  // What a body may have; `other` for requests that are no pushes.
  std::size_t MaxBody(const HttpRequest& head, std::size_t other) const;
  // A request that the server refused.
  void OnRefused(std::string_view target, int status);

  // Reads the groups of before a restart from the file, and keeps them there from now on. Save and
  // this are called by one thread.
  void KeepIn(std::string path);
  // Writes the file if groups have changed since it was written. Blocks on the disk.
  void Save();

  // Families of files for the page, by name. Before the first page.
  void ShowFiles(std::function<PushedFamilies()> files) { files_ = std::move(files); }
  // Writes the registry's page with what was pushed and what is in files.
  void RenderPage(PageWriter& writer);

 private:
  HttpResponse Push(const HttpRequest& request, const Labels& group);
  HttpResponse Delete(const Labels& group);

  Registry& registry_;
  PushStore store_;
  std::unique_ptr<PushMetrics> metrics_;  // once pushes are on
  std::atomic<bool> enabled_ = false;
  std::atomic<std::size_t> max_body_ = 0;
  std::function<PushedFamilies()> files_;
  std::string path_;
  std::uint64_t saved_ = 0;  // version of the store in the file
  bool save_failed_ = false;
  std::size_t hidden_ = 0;  // families that the last page left out
};

}  // namespace telltale

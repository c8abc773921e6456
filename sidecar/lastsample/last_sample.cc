// SPDX-License-Identifier: Apache-2.0
#include "sidecar/lastsample/last_sample.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/exposition/openmetrics_parser.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxSamples = 200'000;    // of a page
constexpr std::chrono::seconds kOwnAtLeast{3};  // for our page, however long the others took

Counter& Scrapes(Registry& registry, const char* result) {
  return registry.AddCounter("telltale_last_sample_scrapes_total",
                             "Scrapes of the pages whose last samples are kept, by result.",
                             {{"result", result}});
}

Result<std::vector<Family>> Parse(const KeptPage& page) {
  return page.openmetrics ? ParseOpenMetrics(page.body, kMaxSamples)
                          : ParseText(page.body, {.crlf = true, .max_samples = kMaxSamples});
}

}  // namespace

LastSample::LastSample(Registry& registry, Clock& clock) : clock_(clock), registry_(registry) {}

LastSample::~LastSample() {
  for (const auto& destination : destinations_) destination->writer.Cancel();
  {
    MutexLock lock(mutex_);
    finishing_ = true;
    own_ready_.NotifyAll();
  }
  for (const auto& destination : destinations_) {
    if (destination->thread.joinable()) destination->thread.join();
  }
}

void LastSample::Configure(const LastSampleOptions& options) {
  if (options == options_ || !destinations_.empty()) return;
  options_ = options;
  if (enabled() && !counters_) {
    counters_.emplace(
        PageKeeper::Counters{Scrapes(registry_, "success"), Scrapes(registry_, "failure")});
  }
  std::vector<std::unique_ptr<PageKeeper>> next;
  for (const PageToKeep& page : enabled() ? options.pages : std::vector<PageToKeep>()) {
    const auto same = std::ranges::find_if(keepers_, [&](const auto& keeper) {
      return keeper != nullptr && keeper->page() == page && keeper->interval() == options.interval;
    });
    next.push_back(same != keepers_.end()
                       ? std::move(*same)
                       : std::make_unique<PageKeeper>(page, options.interval, *counters_, clock_));
  }
  keepers_ = std::move(next);
}

LastSample::Pages LastSample::KeptPages() {
  Pages pages;
  for (const auto& keeper : keepers_) keeper->BeginLast();
  for (const auto& keeper : keepers_) {
    bool alive = false;
    const auto kept = keeper->Last(alive);
    const std::string& url = keeper->page().url;
    if (kept == nullptr) {
      LogWarn("a page never answered: it has no last samples",
              {{"url", url}, {"error", keeper->error()}});
      continue;
    }
    auto families = Parse(*kept);
    if (!families.ok()) {
      LogWarn("a page cannot be read: it has no last samples",
              {{"url", url}, {"error", families.error().message}});
      continue;
    }
    auto page = std::make_shared<LastPage>();
    page->families = *std::move(families);
    page->labels = {keeper->page().labels, kept->openmetrics, false};
    page->end = !alive;
    pages.push_back(std::move(page));
  }
  keepers_.clear();
  return pages;
}

void LastSample::Begin() {
  if (!enabled() || !destinations_.empty()) return;
  deadline_ = clock_.Steady() + options_.timeout;
  const Pages pages = KeptPages();
  for (const std::string& url : options_.urls) {
    destinations_.push_back(std::make_unique<Destination>(url, options_.access, clock_));
    Destination& destination = *destinations_.back();
    destination.thread = std::thread([this, &destination, pages] { Run(destination, pages); });
  }
}

void LastSample::Run(Destination& destination, const Pages& pages) {
  destination.writer.Send(pages, deadline_, destination.outcome);
  Pages own;
  SteadyTime deadline;
  {
    MutexLock lock(mutex_);
    while (!finishing_) own_ready_.Wait(mutex_);
    own = own_;
    deadline = own_deadline_;
  }
  destination.writer.Send(own, deadline, destination.outcome);
}

void LastSample::Say(const Destination& destination) {
  const RemoteWriter::Outcome& outcome = destination.outcome;
  if (outcome.refused + outcome.unsent == 0) {
    LogInfo("the last samples are sent", {{"url", destination.url}, {"series", outcome.written}});
    return;
  }
  LogWarn("not all last samples are stored", {{"url", destination.url},
                                              {"series", outcome.written},
                                              {"refused", outcome.refused},
                                              {"unsent", outcome.unsent},
                                              {"error", outcome.error}});
}

void LastSample::Finish(std::string_view own) {
  if (destinations_.empty()) return;
  auto page = std::make_shared<LastPage>();
  page->labels = {options_.own, false, true};
  if (auto families = ParseText(own, {.crlf = false, .max_samples = kMaxSamples})) {
    page->families = *std::move(families);
  } else {
    LogWarn("our own page cannot be read", {{"error", families.error().message}});
  }
  {
    MutexLock lock(mutex_);
    own_ = {std::move(page)};
    own_deadline_ = std::max(deadline_, clock_.Steady() + kOwnAtLeast);
    finishing_ = true;
    own_ready_.NotifyAll();
  }
  for (const auto& destination : destinations_) {
    destination->thread.join();
    Say(*destination);
  }
}

}  // namespace telltale

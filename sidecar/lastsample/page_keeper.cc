// SPDX-License-Identifier: Apache-2.0
#include "sidecar/lastsample/page_keeper.h"

#include <algorithm>
#include <utility>

#include "common/exposition/negotiation.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{500}, kTimeout{3'000}, kLastTimeout{1'000};
// As Prometheus asks, but for protobuf.
constexpr std::string_view kAccept =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

Access AccessOf(const PageToKeep& page) {
  Access access;
  access.insecure_skip_verify = page.insecure_skip_verify;
  return access;
}

std::string TargetOf(const std::string& url) {
  const auto parsed = ParseUrl(url);
  return parsed.ok() ? parsed->target : "/";
}

}  // namespace

PageKeeper::PageKeeper(PageToKeep page, milliseconds interval, Counters counters, Clock& clock)
    : page_(std::move(page)),
      interval_(interval),
      counters_(counters),
      clock_(clock),
      client_(page_.url, AccessOf(page_), "lastSample.pages", page_.url, kConnectTimeout, clock),
      target_(TargetOf(page_.url)),
      thread_([this] { Run(); }) {}

PageKeeper::~PageKeeper() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    wake_.NotifyAll();
  }
  client_.Cancel();
  if (thread_.joinable()) thread_.join();
}

void PageKeeper::BeginLast() {
  MutexLock lock(mutex_);
  last_ = true;
  wake_.NotifyAll();
}

std::shared_ptr<const KeptPage> PageKeeper::Last(bool& alive) {
  if (thread_.joinable()) thread_.join();
  MutexLock lock(mutex_);
  alive = alive_;
  return kept_;
}

std::shared_ptr<const KeptPage> PageKeeper::Read(milliseconds timeout) {
  HttpRequest request;
  request.target = target_;
  request.headers = {{"Accept", std::string(kAccept)}};
  auto page = std::make_shared<KeptPage>();
  bool whole = true;
  const auto response = client_.Stream(std::move(request), {.whole = timeout, .silence = timeout},
                                       [&](std::string_view piece) {
                                         whole = page->body.size() + piece.size() <= kMaxPage;
                                         if (whole) page->body.append(piece);
                                         return whole;
                                       });
  client_.Disconnect();
  if (!response.ok()) {
    error_ = response.error().message;
  } else if (response->status != 200) {
    error_ = "HTTP " + std::to_string(response->status);
  } else if (!whole) {
    error_ = "the page is larger than 2 MiB";
  } else {
    const std::string* type = FindHeader(response->headers, "Content-Type");
    page->openmetrics =
        type != nullptr && ParseHeaderValue(*type).value == "application/openmetrics-text";
    return page;
  }
  return nullptr;
}

void PageKeeper::Run() {
  SteadyTime next = clock_.Steady();
  MutexLock lock(mutex_);
  for (bool last = false; !stop_ && !last;) {
    last = last_;
    lock.Unlock();
    const SteadyTime start = clock_.Steady();
    auto page = Read(last ? kLastTimeout : kTimeout);
    (page != nullptr ? counters_.success : counters_.failure).Add();
    const SteadyTime end = clock_.Steady();
    next = std::max({next + interval_, start + interval_ / 2, end + 4 * (end - start)});
    lock.Lock();
    alive_ = page != nullptr;
    if (page != nullptr) kept_ = std::move(page);
    if (last) return;
    wake_.WaitFor(mutex_, next - clock_.Steady(),
                  [this]() REQUIRES(mutex_) { return stop_ || last_; });
  }
}

}  // namespace telltale

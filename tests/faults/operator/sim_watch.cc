// SPDX-License-Identifier: Apache-2.0
//
// How SimTransport answers a watch: line by line, with what the plan puts between them.
#include <algorithm>
#include <optional>
#include <utility>

#include "tests/faults/operator/sim_delivery.h"

namespace telltale::faults {
namespace {

using Kind = Fault::Kind;

constexpr std::size_t kHugeLine = 20u << 20;

// The value of the first "resourceVersion" of a line, to make up lines that come after it.
std::string VersionOf(std::string_view line) {
  constexpr std::string_view kField = "\"resourceVersion\":\"";
  const std::size_t at = line.find(kField);
  if (at == std::string_view::npos) return "0";
  const std::string_view rest = line.substr(at + kField.size());
  return std::string(rest.substr(0, rest.find('"')));
}

std::string WithVersion(std::string line, const std::string& version) {
  constexpr std::string_view kField = "\"resourceVersion\":\"";
  const std::size_t at = line.find(kField);
  if (at == std::string::npos) return line;
  const std::size_t from = at + kField.size();
  return line.replace(from, line.find('"', from) - from, version);
}

}  // namespace

// Puts what the plan wants between the lines of a watch. Take returns false when it ends here, and
// then `result` says how.
class SimTransport::WatchFaults {
 public:
  WatchFaults(SimTransport& transport, const ApiRequest& request, const Fault& fault,
              std::size_t seen)
      : transport_(transport), request_(request), fault_(fault), seen_(seen) {}

  std::optional<Result<ApiResponse>> result;

  // Called before each line, and while there is none.
  bool Before(Delivery& out, std::string& line) {
    Seen& seen = transport_.At(seen_);
    if (fault_.kind == Kind::kHoldBookmark) return HoldBookmark(out, line);
    if (fault_.kind == Kind::kNoEndMark && Has(line, "initial-events-end")) line.clear();
    if (done_ || seen.lines < fault_.events) return true;
    switch (fault_.kind) {
      case Kind::kEof:
        return Leave(ApiResponse{200, "", 0});
      case Kind::kCutLine:
      case Kind::kCutChunk: {
        if (line.empty()) return true;
        const std::string_view half =
            std::string_view(line).substr(0, transport_.server_.random().Below(line.size()));
        if (!Passed(out.Give(half))) return false;
        if (fault_.kind == Kind::kCutLine) return Leave(ApiResponse{200, "", 0});
        return Leave(Broken("connection broke in a chunk"));
      }
      case Kind::kStall:
        return Leave(transport_.Stall(request_));
      case Kind::kErrorEvent: {
        seen.relist = seen.relist || fault_.status != 429;
        return Say(out, R"({"type":"ERROR","object":)" + StatusJson(fault_.status) + "}\n") &&
               Leave(ApiResponse{200, "", 0});
      }
      case Kind::kHugeLine:
        seen.relist = done_ = true;
        return Say(out, R"({"type":"ADDED","object":{"metadata":{"name":"huge","namespace":"rock",)"
                        R"("annotations":{"a":")" +
                            std::string(kHugeLine, 'x') + "\"}}}}\n");
      case Kind::kMalformed:
        seen.relist = done_ = true;
        return Say(out, R"({"type":"MODIFIED","object":{"metadata":{"name":)"
                        "\n");
      case Kind::kUnknownType:
        if (last_.empty()) return true;
        done_ = true;
        return Say(out, R"({"type":"FROBNICATED","object":{"metadata":{"resourceVersion":")" +
                            VersionOf(last_) + "\"}}}\n") &&
               Say(out, last_);
      default:
        return true;
    }
  }
  void After(const std::string& line) { last_ = line; }

  // The result of having given bytes; false when the stream is over.
  bool Passed(Delivery::End end) {
    switch (end) {
      case Delivery::End::kGoesOn:
        return true;
      case Delivery::End::kLeft:
        return Leave(ApiResponse{200, "", 0});
      case Delivery::End::kCut:
        return Leave(Broken("connection reset"));
      default:
        return Leave(Fail(Code::kCancelled, "the process ended"));
    }
  }
  bool Leave(Result<ApiResponse> how) {
    result = std::move(how);
    return false;
  }

 private:
  bool Say(Delivery& out, const std::string& text) { return Passed(out.Give(text)); }

  // The bookmark that ends the initial events waits until something happened that comes before it,
  // as on a server whose watch cache went on meanwhile; then it says the newer version.
  bool HoldBookmark(Delivery& out, std::string& line) {
    if (done_ || line.empty()) return true;
    if (!held_.empty()) {
      held_ = WithVersion(std::move(held_), VersionOf(line));
      if (++after_held_ <= fault_.events % 4) return true;
      done_ = true;
      if (!Passed(out.Give(line))) return false;
      line = std::exchange(held_, {});
      return true;
    }
    if (!Has(line, "initial-events-end")) return true;
    held_ = std::exchange(line, {});
    return true;
  }

  SimTransport& transport_;
  const ApiRequest& request_;
  const Fault fault_;
  const std::size_t seen_;
  bool done_ = false;
  std::string last_, held_;
  int after_held_ = 0;
};

Result<ApiResponse> SimTransport::StreamWatch(const ApiRequest& request, Delivery& out,
                                              std::size_t seen) {
  const Fault fault = server_.ForStream();
  out.drip = fault.drip;
  At(seen).fault = fault.kind;
  const bool initial = At(seen).kind == Seen::Kind::kWatchList;
  if (fault.kind == Kind::kRefuse) return Broken("connection refused");
  if (fault.kind == Kind::kStatus) {
    At(seen).status = fault.status;
    At(seen).relist = fault.status != 429;
    return Refusal(fault.status, fault.retry_after);
  }
  FakeReply reply = server_.cluster().Open(request, {.token = "", .user_agent = "telltale"});
  At(seen).status = reply.status;
  if (reply.status != 200 || reply.stream == nullptr) {
    At(seen).relist = true;
    return ApiResponse{reply.status, std::move(reply.body), reply.retry_after_seconds};
  }
  if (initial && fault.kind != Kind::kNone) At(seen).relist = true;

  WatchFaults faults(*this, request, fault, seen);
  out.last = server_.scheduler().Now();
  for (;;) {
    std::string line;
    const auto state = reply.stream->Next(line);
    if (Has(line, "\"type\":\"ERROR\"")) At(seen).relist = true;
    if (!faults.Before(out, line)) return *std::move(faults.result);
    if (!line.empty()) {
      ++At(seen).lines;
      if (!faults.Passed(out.Give(line))) return *std::move(faults.result);
      faults.After(line);
    }
    if (state == FakeBody::State::kEnd) return ApiResponse{200, "", 0};
    if (state == FakeBody::State::kMore) {
      // What is under way is seen with a delay, and others run meanwhile.
      if (server_.random().Chance(0.3) && !Latency(0, 10)) break;
    } else if (!AwaitChange(out.last + request.timeout)) {
      break;
    }
    if (server_.generation() != out.generation) return Broken("connection reset");
    if (server_.scheduler().Now() - out.last >= request.timeout) {
      return Fail(Code::kTimeout, "no byte came for too long");
    }
  }
  return Fail(Code::kCancelled, "the process ended");
}

bool SimTransport::AwaitChange(SteadyTime latest) {
  Scheduler& scheduler = server_.scheduler();
  Scheduler::Task* const self = scheduler.Current();
  server_.waiting()[self->number] = self;
  hooks_.poke();
  // The cluster's own doings, bookmarks and ends of watches, come with time alone.
  scheduler.Park(std::min(latest, scheduler.Now() + std::chrono::seconds(20)));
  server_.waiting().erase(self->number);
  return !Ended();
}

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/sim_server.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace telltale::faults {
namespace {

using Kind = Fault::Kind;
using std::chrono::milliseconds;

constexpr std::size_t kHugeLine = 20u << 20;

std::string StatusJson(int code) {
  const std::string reason = code == 410   ? "Expired"
                             : code == 429 ? "TooManyRequests"
                             : code == 409 ? "Conflict"
                             : code == 422 ? "Invalid"
                                           : "InternalError";
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"by plan",)"
         R"("reason":")" +
         reason + R"(","code":)" + std::to_string(code) + "}";
}

ApiResponse Refusal(int status, int retry_after = 0) {
  return ApiResponse{status, StatusJson(status), retry_after};
}

Error Broken(std::string_view what) { return Fail(Code::kUnavailable, std::string(what)); }

bool Has(const std::string& target, std::string_view part) {
  return target.find(part) != std::string::npos;
}

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

SimServer::SimServer(Scheduler& scheduler, FakeCluster& cluster, FaultPlan* plan,
                     std::uint64_t seed)
    : scheduler_(scheduler), cluster_(cluster), plan_(plan), random_(seed, "network") {
  listener_ = cluster_.AddListener([this] {
    for (auto& [number, task] : waiting_) {
      scheduler_.Wake(*task, milliseconds(random_.Between(0, 20)));
    }
  });
}

SimServer::~SimServer() { cluster_.RemoveListener(listener_); }

std::string SimServer::LeaseHolder() const {
  const std::string lease =
      cluster_.Get("/apis/coordination.k8s.io/v1/namespaces/telltale/leases/telltale-operator");
  constexpr std::string_view kField = "\"holderIdentity\":\"";
  const std::size_t at = lease.find(kField);
  if (at == std::string::npos) return "";
  return lease.substr(at + kField.size(), lease.find('"', at + kField.size()) - at - kField.size());
}

void SimServer::GoDown(Scheduler::Millis duration) {
  ++generation_;
  down_until_ = scheduler_.Now() + duration;
  for (auto& [number, task] : waiting_) scheduler_.Wake(*task);
}

// Bytes on their way to the sink: cut into pieces, with the connection's fate.
struct SimTransport::Delivery {
  SimTransport& transport;
  FunctionRef<bool(std::string_view)> sink;
  bool drip;
  int generation;
  SteadyTime last{};  // when the last byte was given

  enum class End { kGoesOn, kLeft, kCut, kEnded };
  End Give(std::string_view bytes) {
    auto& server = transport.server_;
    int pieces = 0;
    while (!bytes.empty()) {
      const std::size_t most =
          drip ? static_cast<std::size_t>(server.random().Between(1, 40))
               : static_cast<std::size_t>(server.random().Between(200, 1 << 22));
      const std::string_view piece = bytes.substr(0, most);
      bytes.remove_prefix(piece.size());
      last = server.scheduler().Now();
      if (!sink(piece)) return End::kLeft;
      if (++pieces % 16 == 0 && !transport.Latency(1, 60)) return End::kEnded;
      if (server.generation() != generation) return End::kCut;
    }
    return End::kGoesOn;
  }
};

bool SimTransport::Latency(int low_ms, int high_ms) {
  if (Ended()) return false;
  server_.scheduler().ParkFor(milliseconds(server_.random().Between(low_ms, high_ms)));
  return !Ended();
}

std::size_t SimTransport::Log(const ApiRequest& request) {
  Seen seen;
  seen.time = server_.scheduler().Now();
  seen.process = process_;
  seen.method = request.method;
  seen.path = request.target.substr(0, request.target.find('?'));
  seen.first_page = !Has(request.target, "continue=");
  seen.probe = request.target.ends_with("limit=1") || Has(request.target, "limit=1&");
  if (Has(seen.path, "/leases")) {
    seen.kind = Seen::Kind::kLease;
  } else if (request.method != "GET") {
    seen.kind = Seen::Kind::kWrite;
  } else if (Has(request.target, "sendInitialEvents=true")) {
    seen.kind = Seen::Kind::kWatchList;
  } else if (Has(request.target, "watch=1") || Has(request.target, "watch=true")) {
    seen.kind = Seen::Kind::kWatch;
  }
  server_.log().push_back(std::move(seen));
  return server_.log().size() - 1;
}

Result<ApiResponse> SimTransport::Call(const ApiRequest& request) {
  const std::size_t seen = Log(request);
  const bool write = request.method != "GET";
  const bool counted = At(seen).kind == Seen::Kind::kWrite;
  const int generation = server_.generation();
  if (!Latency(1, 25)) return Fail(Code::kCancelled, "the process ended");
  const Fault fault = server_.ForCall(write);
  At(seen).fault = fault.kind;
  if (server_.down() || generation != server_.generation() || fault.kind == Kind::kRefuse) {
    return Broken("connection refused");
  }
  if (fault.kind == Kind::kStatus) {
    At(seen).status = fault.status;
    return Refusal(fault.status, fault.retry_after);
  }
  if (fault.kind == Kind::kStall) {
    server_.scheduler().ParkFor(request.timeout);
    if (Ended()) return Fail(Code::kCancelled, "the process ended");
    return Fail(Code::kTimeout, "no answer");
  }
  const WriteFate fate = counted ? hooks_.write() : WriteFate::kLive;
  if (fate == WriteFate::kDieBefore) {
    hooks_.die();
    return Fail(Code::kCancelled, "the process ended");
  }
  if (counted) At(seen).holder = server_.LeaseHolder();
  ApiResponse response = server_.cluster().Call(request);
  if (fault.kind == Kind::kTwice) response = server_.cluster().Call(request);
  At(seen).status = response.status;
  if (fate == WriteFate::kDieAfter) {
    hooks_.die();
    return Fail(Code::kCancelled, "the process ended");
  }
  if (!Latency(1, 25)) return Fail(Code::kCancelled, "the process ended");
  if (fault.kind == Kind::kLostAnswer || generation != server_.generation()) {
    return Broken("connection reset before the answer");
  }
  hooks_.poke();
  return response;
}

Result<ApiResponse> SimTransport::Stall(const ApiRequest& request) {
  server_.scheduler().ParkFor(request.timeout);
  if (Ended()) return Fail(Code::kCancelled, "the process ended");
  return Fail(Code::kTimeout, "no byte came for too long");
}

Result<ApiResponse> SimTransport::Stream(const ApiRequest& request,
                                         FunctionRef<bool(std::string_view)> sink) {
  const int generation = server_.generation();
  if (!Latency(1, 25)) return Fail(Code::kCancelled, "the process ended");
  Delivery out{*this, sink, false, generation};
  const std::size_t seen = Log(request);
  const bool watch = At(seen).kind != Seen::Kind::kList && At(seen).kind != Seen::Kind::kGet;
  if (!watch) At(seen).kind = Seen::Kind::kList;
  const bool refused = server_.down() || generation != server_.generation();
  Result<ApiResponse> result = refused ? Broken("connection refused")
                               : watch ? StreamWatch(request, out, seen)
                                       : StreamList(request, out, seen);
  At(seen).ended = server_.scheduler().Now();
  // A whole list that was not answered is asked for again.
  const bool whole = !watch || At(seen).kind == Seen::Kind::kWatchList;
  if (whole && (At(seen).status != 200 || !result.ok())) At(seen).relist = true;
  hooks_.poke();
  return result;
}

Result<ApiResponse> SimTransport::StreamList(const ApiRequest& request, Delivery& out,
                                             std::size_t seen) {
  const Fault fault = server_.ForStream();
  out.drip = fault.drip;
  At(seen).fault = fault.kind;
  At(seen).relist = fault.kind != Kind::kNone;
  if (fault.kind == Kind::kRefuse) return Broken("connection refused");
  if (fault.kind == Kind::kStatus || fault.kind == Kind::kErrorEvent) {
    At(seen).status = fault.status;
    return Refusal(fault.status, fault.retry_after);
  }
  if (fault.kind == Kind::kStall) return Stall(request);
  ApiResponse response = server_.cluster().Call(request);
  At(seen).status = response.status;
  if (response.status != 200) {
    At(seen).relist = true;
    return response;
  }
  std::string body = std::move(response.body);
  const bool cut =
      fault.kind == Kind::kCutLine || fault.kind == Kind::kCutChunk || fault.kind == Kind::kEof;
  if (cut) body.resize(server_.random().Below(body.size()));
  // No JSON any more, wherever it is.
  if (fault.kind == Kind::kMalformed) body[server_.random().Below(body.size())] = '\x01';
  switch (out.Give(body)) {
    case Delivery::End::kEnded:
      return Fail(Code::kCancelled, "the process ended");
    case Delivery::End::kCut:
      At(seen).relist = true;
      return Broken("connection reset");
    default:
      break;
  }
  if (fault.kind == Kind::kCutChunk) return Broken("connection broke in a chunk");
  return ApiResponse{200, "", 0};
}

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

// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/sim_server.h"

#include "tests/faults/operator/sim_delivery.h"

namespace telltale::faults {

using Kind = Fault::Kind;
using std::chrono::milliseconds;

std::string StatusJson(int code) {
  const std::string reason = code == 410   ? "Expired"
                             : code == 429 ? "TooManyRequests"
                             : code == 409 ? "Conflict"
                             : code == 422 ? "Invalid"
                             : code == 404 ? "NotFound"
                             : code == 403 ? "Forbidden"
                                           : "InternalError";
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"by plan",)"
         R"("reason":")" +
         reason + R"(","code":)" + std::to_string(code) + "}";
}

ApiResponse Refusal(int status, int retry_after) {
  return ApiResponse{status, StatusJson(status), retry_after};
}

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

bool SimServer::RefusedForLong(const ApiRequest& request) const {
  const std::string path = request.target.substr(0, request.target.find('?'));
  switch (plan_->lasting()) {
    case FaultPlan::Lasting::kOneStatus:
      return path.ends_with(kRefusedStatus);
    case FaultPlan::Lasting::kNewConfigMaps:
      return path.find("/configmaps/") != std::string::npos && cluster_.Get(path).empty();
    case FaultPlan::Lasting::kNothing:
      break;
  }
  return false;
}

Fault SimServer::ForCall(const ApiRequest& request) {
  if (!faults_ || plan_ == nullptr) return {};
  const bool write = request.method != "GET";
  if (write && RefusedForLong(request)) {
    return {.kind = Fault::Kind::kStatus, .status = plan_->lasting_status()};
  }
  return plan_->ForCall(write);
}

void SimServer::GoDown(Scheduler::Millis duration) {
  ++generation_;
  down_until_ = scheduler_.Now() + duration;
  for (auto& [number, task] : waiting_) scheduler_.Wake(*task);
}

bool SimTransport::Latency(int low_ms, int high_ms) {
  if (Ended()) return false;
  server_.scheduler().ParkFor(milliseconds(server_.random().Between(low_ms, high_ms)));
  return !Ended();
}

std::size_t SimTransport::Log(const ApiRequest& request) {
  Seen seen;
  seen.time = server_.scheduler().Now();
  seen.process = process_;
  seen.timeout = request.timeout;
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
  const bool counted = At(seen).kind == Seen::Kind::kWrite;
  const int generation = server_.generation();
  if (!Latency(1, 25)) return Fail(Code::kCancelled, "the process ended");
  const Fault fault = server_.ForCall(request);
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

}  // namespace telltale::faults

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/server/connection.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/net/http/http_wire.h"
#include "tests/fakes/kube/cluster/paths.h"
#include "tests/fakes/kube/cluster/replies.h"

namespace telltale {
namespace {

// How much of a stream is rendered ahead of the socket.
constexpr std::size_t kHighMark = 256 << 10;

FakeReply FaultReply(const FakeFault& fault) {
  std::string_view reason = "InternalError", message = "the fake API server was told to fail";
  if (fault.status == 401) return Unauthorized();
  if (fault.status == 403) reason = "Forbidden";
  if (fault.status == 404) reason = "NotFound";
  if (fault.status == 409) reason = "Conflict";
  if (fault.status == 410) reason = "Expired", message = "too old resource version";
  if (fault.status == 429) {
    reason = "TooManyRequests";
    message = "the server has received too many requests and has asked us to try again later";
  }
  if (fault.status == 503) reason = "ServiceUnavailable";
  if (fault.status == 504) reason = "Timeout";
  FakeReply reply = StatusReply({.code = fault.status, .reason = reason, .message = message});
  reply.retry_after_seconds = fault.retry_after_seconds;
  return reply;
}

}  // namespace

Connection::Connection(ConnectionHost& host, std::uint64_t id, int fd, const TlsContext& tls)
    : host_(host), id_(id), channel_(fd, tls) {}

bool Connection::Receive() { return channel_.Read(in_) != Channel::Outcome::kClosed; }

bool Connection::Advance(SteadyTime now) {
  while (true) {
    const State before = state_;
    if (!Step()) return false;
    if (!Flush(now)) return false;
    const bool all_sent = sent_ == out_.size();
    if (state_ == State::kClosing && all_sent) {
      if (fault_.reset) channel_.ResetOnClose();
      return false;
    }
    if (state_ == State::kEnding && all_sent) {
      if (!parsed_.keep_alive) return false;
      state_ = State::kReading;
    }
    // Again when something moved and may move on: a next request, a next buffer.
    const bool more = state_ == State::kSending && all_sent && !out_.empty();
    if (all_sent) {
      out_.clear();
      sent_ = 0;
    }
    if (state_ == before && !more) return true;
  }
}

bool Connection::Step() {
  switch (state_) {
    case State::kReading: {
      bool wants_continue = false;
      const ParseOutcome outcome = TakeRequest(in_, parsed_, wants_continue);
      if (outcome == ParseOutcome::kBad) return false;
      if (outcome == ParseOutcome::kDone) return Begin();
      if (wants_continue && !std::exchange(promised_continue_, true)) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      }
      return true;
    }
    case State::kHeldBefore:
      return !std::exchange(released_, false) || Ask();
    case State::kHeldAfter:
      if (std::exchange(released_, false)) BeginReply();
      return true;
    case State::kSending:
      Fill();
      return true;
    case State::kEnding:
    case State::kClosing:
      return true;
  }
  return false;
}

bool Connection::Begin() {
  promised_continue_ = false;
  const std::string& target = parsed_.request.target;
  const std::size_t question = target.find('?');
  info_ = {.connection = id_,
           .method = parsed_.request.method,
           .target = target,
           .body = parsed_.request.body,
           .caller = parsed_.caller,
           .watch = question != std::string::npos &&
                    ParseRequestOptions(std::string_view(target).substr(question + 1)).watch};
  host_.number(info_);
  fault_ = host_.decide(info_);
  if (fault_.cut_before) {
    if (fault_.reset) channel_.ResetOnClose();
    return false;
  }
  if (fault_.hold_before) {
    state_ = State::kHeldBefore;
    host_.held(info_);
    return true;
  }
  return Ask();
}

bool Connection::Ask() {
  reply_ =
      fault_.status != 0 ? FaultReply(fault_) : host_.cluster.Open(parsed_.request, parsed_.caller);
  if (fault_.cut_after) {
    if (fault_.reset) channel_.ResetOnClose();
    return false;
  }
  if (fault_.hold_after) {
    state_ = State::kHeldAfter;
    host_.held(info_);
    return true;
  }
  BeginReply();
  return true;
}

void Connection::BeginReply() {
  body_bytes_ = events_ = cluster_events_ = inserted_ = 0;
  stalled_ = false;
  chunked_ = reply_.stream != nullptr;
  drip_start_ = SteadyTime();
  if (reply_.stream && !reply_.watch) {
    // A short list has a length; a long one comes in chunks, as Go's server does it.
    reply_.stream->Next(reply_.body);
    std::string second;
    if (reply_.stream->Next(second) == FakeBody::State::kEnd) {
      reply_.stream.reset();
      chunked_ = false;
    } else {
      reply_.body += second;
    }
  }
  const bool json = reply_.watch || (!reply_.body.empty() && reply_.body.front() == '{');
  out_.append("HTTP/1.1 ").append(std::to_string(reply_.status)).append(" ");
  out_.append(ReasonPhrase(reply_.status)).append("\r\nCache-Control: no-cache, private\r\n");
  out_.append("Content-Type: ").append(json ? "application/json" : "text/plain; charset=utf-8");
  if (reply_.retry_after_seconds > 0) {
    out_.append("\r\nRetry-After: ").append(std::to_string(reply_.retry_after_seconds));
  }
  if (chunked_) {
    out_ += "\r\nTransfer-Encoding: chunked\r\n\r\n";
  } else {
    out_.append("\r\nContent-Length: ").append(std::to_string(reply_.body.size()));
    out_ += "\r\n\r\n";
  }
  state_ = State::kSending;
}

void Connection::Fill() {
  while (state_ == State::kSending && out_.size() - sent_ < kHighMark && FillOne()) {
  }
}

bool Connection::Limited(std::optional<std::size_t> bytes,
                         std::optional<std::size_t> events) const {
  return (bytes && body_bytes_ >= *bytes) || (events && events_ >= *events);
}

bool Connection::FillOne() {
  if (stalled_) return false;
  if (Limited(fault_.cut_after_bytes, fault_.cut_after_events)) {
    CutBody();
    return false;
  }
  if (Limited(fault_.stall_after_bytes, fault_.stall_after_events)) {
    stalled_ = true;
    return false;
  }
  if (!reply_.body.empty()) {
    Append(std::exchange(reply_.body, {}));
    return true;
  }
  if (!reply_.stream) {
    EndBody();
    return false;
  }
  if (reply_.watch && inserted_ < fault_.insertions.size() &&
      fault_.insertions[inserted_].before_event <= cluster_events_) {
    ++events_;
    Append(fault_.insertions[inserted_++].text);
    return true;
  }
  scratch_.clear();
  const FakeBody::State state = reply_.stream->Next(scratch_);
  if (state == FakeBody::State::kEnd) EndBody();
  if (state != FakeBody::State::kMore) return false;
  if (reply_.watch) {
    ++events_;
    ++cluster_events_;
    host_.count(1, 0);
  }
  Append(scratch_);
  return true;
}

void Connection::Append(std::string_view piece) {
  const std::size_t limit = std::min(fault_.cut_after_bytes.value_or(SIZE_MAX),
                                     fault_.stall_after_bytes.value_or(SIZE_MAX));
  const std::size_t allowed = std::min(piece.size(), limit - std::min(limit, body_bytes_));
  // A cut is in mid-chunk: the chunk's line promises all of it.
  const std::size_t promised = fault_.clean_end ? allowed : piece.size();
  if (chunked_ && promised > 0) {
    char line[24];
    const int size = std::snprintf(line, sizeof line, "%zx\r\n", promised);
    out_.append(line, static_cast<std::size_t>(size));
  }
  out_ += piece.substr(0, allowed);
  if (chunked_ && promised > 0 && allowed == promised) out_ += "\r\n";
  body_bytes_ += allowed;
}

void Connection::EndBody() {
  if (chunked_) out_ += "0\r\n\r\n";
  reply_.stream.reset();
  state_ = State::kEnding;
}

void Connection::CutBody() {
  if (fault_.clean_end && chunked_) {
    EndBody();
    return;
  }
  reply_.stream.reset();
  state_ = State::kClosing;
}

bool Connection::Flush(SteadyTime now) {
  blocked_ = false;
  std::string_view data = std::string_view(out_).substr(sent_);
  if (fault_.drip_bytes_per_second > 0 && !data.empty()) {
    if (drip_start_ == SteadyTime()) {
      drip_start_ = now;
      dripped_ = 0;
    }
    const double seconds = std::chrono::duration<double>(now - drip_start_).count();
    const auto due =
        static_cast<std::size_t>(seconds * static_cast<double>(fault_.drip_bytes_per_second));
    data = data.substr(0, due - std::min(due, dripped_));
  }
  if (data.empty()) return true;
  std::size_t written = 0;
  const Channel::Outcome outcome = channel_.Write(data, written);
  sent_ += written;
  dripped_ += written;
  host_.count(0, written);
  blocked_ = outcome == Channel::Outcome::kWouldBlock;
  return outcome != Channel::Outcome::kClosed;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// What the tests of Reflector share: a sink that writes down what happens, a transport that answers
// from a script, and the bytes that an API server sends. Time moves only when somebody waits.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "operator/kube/watch/reflector.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_transport.h"

namespace telltale {

inline std::string Object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"name":")" + name + R"(","resourceVersion":")" + version + R"("}})";
}
inline std::string ListOf(const std::string& version, const std::string& items,
                          const std::string& more = "") {
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}
inline std::string Event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
inline std::string Bookmark(const std::string& version) {
  return Event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":")" + version + R"("}})");
}
inline std::string EndMark(const std::string& version) {
  return Event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":")" + version +
                               R"(","annotations":{"k8s.io/initial-events-end":"true"}}})");
}
inline std::string StatusObject(int code, const std::string& details = "{}") {
  return R"({"kind":"Status","metadata":{},"message":"m","details":)" + details + R"(,"code":)" +
         std::to_string(code) + "}";
}
inline std::string ErrorEvent(int code) { return Event("ERROR", StatusObject(code)); }
inline const std::string kTooLargeVersion =
    StatusObject(504, R"({"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1})");

// An object without a name does not decode; one named "mute" does not give its version back.
class RecordingSink final : public ReflectorSink {
 public:
  void ReplaceBegin() override { log.push_back("begin"); }
  void ReplaceEnd() override { log.push_back("end"); }
  void ReplaceAbort() override { log.push_back("abort"); }
  Status Changed(JsonValue object, std::string& version) override {
    return Note("changed ", object, version);
  }
  Status Deleted(JsonValue object, std::string& version) override {
    return Note("deleted ", object, version);
  }

  std::vector<std::string> log;

 private:
  Status Note(const std::string& what, JsonValue object, std::string& version) {
    EXPECT_EQ(version, "") << "nothing is left of the line before";
    const std::string name = ObjectName(object, &version);
    if (name == "?" || name == "mute") version.clear();
    if (name == "?") return Fail(Code::kInvalid, "no name");
    log.push_back(what + name);
    return {};
  }
};

// The script answers lists and watches. Questions about the server's history are answered beside
// it: with the versions in `newest`, then with one that nothing is ahead of.
class HistoryTransport final : public HttpTransport {
 public:
  Result<ApiResponse> Call(const ApiRequest& request) override {
    questions.push_back(request.target);
    if (newest.empty()) return ApiResponse{200, ListOf("99999999999", ""), 0};
    auto answer = std::move(newest.front());
    newest.pop_front();
    return answer;
  }
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override {
    auto ended = script.Stream(request, sink);
    patience.push_back(request.timeout);
    return ended;
  }
  void Cancel() override { script.Cancel(); }

  FakeTransport script;
  std::deque<Result<ApiResponse>> newest;
  std::vector<std::string> questions;
  std::vector<std::chrono::milliseconds> patience;  // for silence, at the end of each stream
};

class ReflectorTest : public ::testing::Test {
 protected:
  using Answer = FakeTransport::Answer;
  using Waits = std::vector<std::chrono::milliseconds>;

  // Lets the reflector work off the script; it is then in the request after the last answer.
  void Run() { Run(reflector_); }
  void Run(Reflector& reflector) {
    std::thread thread([&] { reflector.Run(); });
    transport_.script.WaitUntilIdle();
    synced_at_end_ = reflector.synced();
    reflector.Stop();
    transport_.Cancel();
    thread.join();
  }
  std::vector<std::string> Targets() const {
    std::vector<std::string> targets;
    for (const ApiRequest& request : transport_.script.Requests()) {
      targets.push_back(request.target);
    }
    return targets;
  }
  std::string Metrics() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  static std::string Metric(const std::string& name, const std::string& label,
                            const std::string& value, int count) {
    return name + "{" + label + "=\"" + value + "\",resource=\"pods\"} " + std::to_string(count) +
           "\n";
  }
  static std::string Restarts(const std::string& reason, int count) {
    return Metric("telltale_watch_restarts_total", "reason", reason, count);
  }
  static std::string Syncs(const std::string& mode, int count) {
    return Metric("telltale_syncs_total", "mode", mode, count);
  }
  static std::string Total(const std::string& name, int count) {
    return "telltale_" + name + "{resource=\"pods\"} " + std::to_string(count) + "\n";
  }

  static std::string WatchList(const std::string& version = "") {
    return "/api/v1/pods?watch=1&allowWatchBookmarks=true&sendInitialEvents=true"
           "&resourceVersionMatch=NotOlderThan" +
           (version.empty() ? "" : "&resourceVersion=" + version) + "&timeoutSeconds=240";
  }
  static std::string WatchFrom(const std::string& version) {
    return "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=" + version +
           "&timeoutSeconds=240";
  }
  static std::string NotOlderThan(const std::string& version) {
    return "/api/v1/pods?resourceVersion=" + version + "&resourceVersionMatch=NotOlderThan";
  }
  static constexpr const char* kList = "/api/v1/pods?limit=500";

  void Push(std::string body) { transport_.script.Push(std::move(body)); }
  void Push(Answer answer) { transport_.script.Push(std::move(answer)); }
  // A watch that lasted four minutes.
  void PushLong(std::string body) {
    Push(Answer{.pieces = {std::move(body)},
                .before_end = [this] { clock_.Advance(std::chrono::seconds(250)); }});
  }
  // A server that has no watch-list, and its answer to the list that is asked for instead.
  void PushList(std::string body) {
    Push(Answer{.status = 422});
    Push(std::move(body));
  }
  void PushRefused() { Push(Answer{.error = Fail(Code::kUnavailable, "connection refused")}); }

  HistoryTransport transport_;
  RecordingSink sink_;
  Registry registry_;
  FakeClock clock_;
  Waits waits_;
  bool synced_at_end_ = false;
  Reflector reflector_{ReflectorOptions{.name = "pods",
                                        .collection = "/api/v1/pods",
                                        .selector = "",
                                        .wait =
                                            [this](std::chrono::milliseconds time) {
                                              waits_.push_back(time);
                                              clock_.Advance(time);
                                            },
                                        .random = [] { return std::uint64_t{0}; }},
                       transport_, sink_, registry_, clock_};
};

}  // namespace telltale

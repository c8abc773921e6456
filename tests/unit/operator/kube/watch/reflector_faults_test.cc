// SPDX-License-Identifier: Apache-2.0
//
// What must hold whatever the server does: the content is the server's in the end, and a server
// that fails for an hour is not asked in a loop.
#include <map>
#include <utility>

#include "tests/unit/operator/kube/watch/reflector_fixture.h"

namespace telltale {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Each request, lists and watches alike, is answered by a function; Cancel does nothing, because
// what is under way always ends.
class AnsweringTransport final : public HttpTransport {
 public:
  using Sink = FunctionRef<bool(std::string_view)>;
  Result<ApiResponse> Call(const ApiRequest& request) override {
    ApiResponse response;
    auto ended = Stream(request, [&](std::string_view piece) {
      response.body.append(piece);
      return true;
    });
    if (!ended.ok()) return ended;
    response.status = ended->status;
    return response;
  }
  Result<ApiResponse> Stream(const ApiRequest& request, Sink sink) override {
    ++requests;
    return answer(request.target, sink);
  }
  void Cancel() override {}

  std::function<Result<ApiResponse>(const std::string&, Sink)> answer;
  int requests = 0;
};

// The content, as a cache would hold it.
class MapSink final : public ReflectorSink {
 public:
  void ReplaceBegin() override {
    replacing_ = true;
    next_.clear();
  }
  void ReplaceEnd() override {
    replacing_ = false;
    live = std::move(next_);
  }
  void ReplaceAbort() override { replacing_ = false; }
  Status Changed(JsonValue object, std::string& version) override {
    const std::string name = ObjectName(object, &version);
    (replacing_ ? next_ : live)[name] = version;
    return {};
  }
  Status Deleted(JsonValue object, std::string& version) override {
    (replacing_ ? next_ : live).erase(ObjectName(object, &version));
    return {};
  }
  std::map<std::string, std::string> live;

 private:
  bool replacing_ = false;
  std::map<std::string, std::string> next_;
};

class ReflectorFaultsTest : public ::testing::Test {
 protected:
  static bool Has(const std::string& target, const char* what) {
    return target.find(what) != std::string::npos;
  }
  // Runs until `until` is true before a request.
  void Run(std::function<bool()> until) {
    auto inner = std::move(transport_.answer);
    transport_.answer = [this, inner, until](const std::string& target,
                                             AnsweringTransport::Sink sink) -> Result<ApiResponse> {
      if (until()) {
        reflector_.Stop();
        return Fail(Code::kCancelled, "cancelled");
      }
      return inner(target, sink);
    };
    reflector_.Run();
  }

  AnsweringTransport transport_;
  MapSink sink_;
  Registry registry_;
  FakeClock clock_;
  int waits_ = 0;
  Reflector reflector_{ReflectorOptions{.name = "pods",
                                        .collection = "/api/v1/pods",
                                        .selector = "",
                                        .wait =
                                            [this](milliseconds time) {
                                              ++waits_;
                                              clock_.Advance(time);
                                            },
                                        .random = [] { return std::uint64_t{0}; }},
                       transport_, sink_, registry_, clock_};
};

// Plays the history below from the version that a request names, cut after `cut` bytes the first
// time and whole the second.
class ReflectorCutTest : public ReflectorFaultsTest {
 protected:
  struct Change {
    const char* type;
    const char* name;
    int version;
  };
  static constexpr Change kHistory[] = {{"ADDED", "c", 11},    {"MODIFIED", "a", 12},
                                        {"DELETED", "b", 13},  {"ADDED", "b", 14},
                                        {"MODIFIED", "c", 15}, {"DELETED", "a", 16}};
  static std::string Body(const std::string& target) {
    std::string body;
    int from = 10;
    if (Has(target, "sendInitialEvents")) {
      // Everything up to the newest version that is asked for, and no less than 10.
      body = Event("ADDED", Object("a", "9")) + Event("ADDED", Object("b", "10")) + EndMark("10");
    } else {
      from = std::stoi(target.substr(target.find("resourceVersion=") + 16));
    }
    for (const Change& change : kHistory) {
      if (change.version <= from) continue;
      body += Event(change.type, Object(change.name, std::to_string(change.version)));
    }
    return body + Bookmark("20");
  }
};

TEST_F(ReflectorCutTest, NothingIsLostWhereverTheStreamIsCut) {
  const std::size_t length = Body(WatchEvent().type_name + "sendInitialEvents").size();
  for (const bool clean : {true, false}) {
    for (std::size_t cut = 0; cut <= length; ++cut) {
      SCOPED_TRACE(cut);
      MapSink sink;
      Reflector reflector({.name = "pods",
                           .collection = "/api/v1/pods",
                           .selector = "",
                           .wait = [](milliseconds) {}},
                          transport_, sink, registry_, clock_);
      int streams = 0;
      transport_.answer = [&](const std::string& target,
                              AnsweringTransport::Sink to) -> Result<ApiResponse> {
        if (Has(target, "limit=1")) return ApiResponse{503, "", 0};
        if (++streams == 3) {
          reflector.Stop();
          return Fail(Code::kCancelled, "cancelled");
        }
        std::string body = Body(target);
        if (streams == 1) body.resize(std::min(body.size(), cut));
        to(body.substr(0, body.size() / 2));
        to(body.substr(body.size() / 2));
        if (streams == 1 && !clean) return Fail(Code::kUnavailable, "reset");
        return ApiResponse{200, "", 0};
      };
      reflector.Run();
      EXPECT_EQ(sink.live, (std::map<std::string, std::string>{{"b", "14"}, {"c", "15"}}));
    }
  }
}

TEST_F(ReflectorFaultsTest, NoWayToFailForAnHourIsAHotLoop) {
  const std::string synced = Event("ADDED", Object("a", "5")) + EndMark("7");
  const struct {
    const char* what;
    std::string initial;  // of a watch-list; with a number, its status
    std::string list;
    std::string watch;
  } cases[] = {
      {"refused", "", "", ""},
      {"everything is 410", "410", "410", "410"},
      {"everything is 429", "429", "429", "429"},
      {"everything is 500", "500", "500", "500"},
      {"everything is 503", "503", "503", "503"},
      {"everything is 401", "401", "401", "401"},
      {"everything is 403", "403", "403", "403"},
      {"everything is 404", "404", "404", "404"},
      {"everything is 422", "422", "422", "422"},
      {"no watch-list, the list is cut", "400", "{", "410"},
      {"no watch-list, each watch is gone", "400", ListOf("7", ""), "410"},
      {"no watch-list, each watch is refused", "400", ListOf("7", ""), "403"},
      {"each watch-list is cut, lists fail", Event("ADDED", Object("a", "5")), "500", "500"},
      {"each watch-list says 410", ErrorEvent(410), "410", "410"},
      {"each watch-list says 500", ErrorEvent(500), "500", "500"},
      {"each watch-list is too large", Event("ERROR", kTooLargeVersion), "500", ""},
      {"each watch-list is garbage", "garbage\n", "garbage", "garbage\n"},
      {"each watch ends at once", synced, "500", " "},
      {"each watch is a bookmark", synced, "500", Bookmark("8")},
      {"each watch is gone", synced, "500", ErrorEvent(410)},
      {"each watch is gone after a change", synced, "500",
       Event("ADDED", Object("b", "8")) + ErrorEvent(410)},
      {"each watch is gone right after the end mark", synced + ErrorEvent(410), "500", "500"},
      {"each watch is throttled", synced, "429", ErrorEvent(429)},
      {"each watch fails inside", synced, "500", ErrorEvent(500)},
      {"each watch is garbage", synced, "500", "garbage\n"},
      {"each watch goes back", synced, "500", Event("ADDED", Object("a", "6"))},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const auto reply = [&](const std::string& text,
                           AnsweringTransport::Sink sink) -> Result<ApiResponse> {
      if (text.empty()) return Fail(Code::kUnavailable, "connection refused");
      if (text.size() == 3) return ApiResponse{std::stoi(text), "", 0};
      sink(text);
      return ApiResponse{200, "", 0};
    };
    AnsweringTransport transport;
    MapSink sink;
    Registry registry;
    FakeClock clock;
    Reflector reflector({.name = "pods",
                         .collection = "/api/v1/pods",
                         .selector = "",
                         .wait = [&](milliseconds time) { clock.Advance(time); },
                         .random = [] { return std::uint64_t{0}; }},
                        transport, sink, registry, clock);
    const SteadyTime end = clock.Steady() + hours(1);
    transport.answer = [&](const std::string& target,
                           AnsweringTransport::Sink to) -> Result<ApiResponse> {
      if (clock.Steady() >= end || transport.requests > 5000) {
        reflector.Stop();
        return Fail(Code::kCancelled, "cancelled");
      }
      if (Has(target, "sendInitialEvents")) return reply(c.initial, to);
      return reply(Has(target, "watch=1") ? c.watch : c.list, to);
    };
    reflector.Run();
    // Every 30 s at most three: a watch-list, the list instead, and a watch; or a question about
    // history and a watch.
    EXPECT_LE(transport.requests, 3 * 120 + 30);
    EXPECT_GE(transport.requests, 60) << "nor does it give up";
  }
}

TEST_F(ReflectorFaultsTest, AServerThatClosesAfterEachChangeCostsOneWatchAndOneQuestionEach) {
  int version = 7;
  transport_.answer = [&](const std::string& target,
                          AnsweringTransport::Sink sink) -> Result<ApiResponse> {
    if (Has(target, "limit=1")) {
      sink(ListOf(std::to_string(version), ""));
    } else if (Has(target, "sendInitialEvents")) {
      sink(EndMark("7"));
    } else {
      EXPECT_TRUE(Has(target, ("resourceVersion=" + std::to_string(version)).c_str()));
      ++version;
      sink(Event("ADDED", Object("a" + std::to_string(version), std::to_string(version))));
    }
    return ApiResponse{200, "", 0};
  };
  Run([&] { return version >= 107; });
  EXPECT_EQ(sink_.live.size(), 100u);
  EXPECT_EQ(waits_, 101) << "at most one watch each 800 ms";
  EXPECT_LE(transport_.requests, 203);
}

}  // namespace
}  // namespace telltale

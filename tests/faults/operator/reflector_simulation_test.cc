// SPDX-License-Identifier: Apache-2.0
//
// Reflectors alone against a server that fails by plan, in simulated time: what they hold follows
// the server whatever happens, they never hold less than what was always there, and they do not
// storm the server. How to repeat a seed: README.md.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "operator/kube/watch/reflector.h"
#include "operator/model/object_meta.h"
#include "tests/faults/operator/outputs.h"
#include "tests/faults/operator/request_rules.h"
#include "tests/faults/operator/seed_name.h"
#include "tests/faults/operator/stage.h"
#include "tests/faults/seeds.h"

namespace telltale::faults {
namespace {

using std::chrono::seconds;

// What a cache would hold: key -> uid and version. Remembers when something that never changed was
// missing after the first whole content.
class Mirror final : public ReflectorSink {
 public:
  using Content = std::map<std::string, std::string>;

  void ReplaceBegin() override {
    EXPECT_FALSE(replacing_);
    replacing_ = true;
    next_.clear();
  }
  void ReplaceEnd() override {
    EXPECT_TRUE(replacing_);
    replacing_ = false;
    live_.swap(next_);
    ++replaces_;
    Check();
  }
  void ReplaceAbort() override {
    EXPECT_TRUE(replacing_);
    replacing_ = false;
  }
  Status Changed(JsonValue object, std::string& resource_version) override {
    ObjectMeta meta;
    const Status read = Read(object, meta);
    resource_version = meta.resource_version;
    if (!read.ok()) return read;
    (replacing_ ? next_ : live_)[meta.Key()] = meta.uid + " " + meta.resource_version;
    Check();
    return {};
  }
  Status Deleted(JsonValue object, std::string& resource_version) override {
    ObjectMeta meta;
    const Status read = Read(object, meta);
    resource_version = meta.resource_version;
    if (!read.ok()) return read;
    (replacing_ ? next_ : live_).erase(meta.Key());
    Check();
    return {};
  }

  const Content& live() const { return live_; }
  int replaces() const { return replaces_; }
  std::vector<std::string> rock;  // keys that must always be there
  std::vector<std::string> missing;

 private:
  static Status Read(JsonValue object, ObjectMeta& meta) {
    return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      return key == "metadata" ? DecodeObjectMeta(value, meta) : Status();
    });
  }
  void Check() {
    if (replaces_ == 0) return;
    for (const std::string& key : rock) {
      if (!live_.contains(key)) missing.push_back(key);
    }
  }

  bool replacing_ = false;
  int replaces_ = 0;
  Content live_, next_;
};

struct Watched {
  Mirror sink;
  std::string collection;
  std::unique_ptr<Reflector> reflector;
};

class ReflectorFaults : public testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr int kProcess = 0;

  static void SetUpTestSuite() { QuietLog(); }

  void Start(const std::string& name, const std::string& collection,
             std::vector<std::string> rock) {
    watched_.push_back(std::make_unique<Watched>());
    Watched& watched = *watched_.back();
    watched.sink.rock = std::move(rock);
    watched.collection = collection;
    ReflectorOptions options;
    options.name = name;
    options.collection = collection;
    options.wait = [this](std::chrono::milliseconds wait) { scheduler_.ParkFor(wait); };
    options.random = [this] { return random_.Next(); };
    watched.reflector = std::make_unique<Reflector>(std::move(options), transport_, watched.sink,
                                                    registry_, stage_.clock);
    scheduler_.Spawn(name, kProcess, [&watched] { watched.reflector->Run(); });
  }

  Mirror::Content Truth(const std::string& collection) {
    Mirror truth;
    ApiRequest request;
    request.target = collection;
    const std::string list = stage_.cluster.Call(request).body;
    JsonParser parser;
    const Status read = parser.Parse(list, [&](JsonValue root) {
      return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
        if (key != "items") return {};
        return value.ForEachElement([&](JsonValue item) {
          std::string version;
          return truth.Changed(item, version);
        });
      });
    });
    EXPECT_TRUE(read.ok()) << read.error().message;
    return truth.live();
  }

  bool Agrees() {
    why_.clear();
    for (const auto& watched : watched_) {
      const Mirror::Content truth = Truth(watched->collection);
      if (const Mirror::Content& live = watched->sink.live(); live != truth) {
        why_ = watched->collection + " differs: " + Difference(live, truth);
      }
    }
    return why_.empty();
  }

  void TearDown() override {
    for (const auto& watched : watched_) watched->reflector->Stop();
    scheduler_.Kill(kProcess);
    if (HasFailure()) {
      std::printf("theme %s; repeat with: TELLTALE_FAULT_SEEDS=%llu %s\n",
                  std::string(ThemeName(stage_.plan.theme())).c_str(),
                  static_cast<unsigned long long>(GetParam()), "bin/fault_reflector_test");
    }
  }

  Stage stage_{GetParam()};
  Scheduler& scheduler_ = stage_.scheduler;
  Seeded random_{GetParam(), "reflectors"};
  SimTransport transport_{stage_.server, kProcess, {}};
  Registry registry_;
  std::string why_;
  std::vector<std::unique_ptr<Watched>> watched_;
};

TEST_P(ReflectorFaults, HoldWhatTheServerHasAndNeverLess) {
  Start("pods", "/api/v1/pods", {"rock/rock-0", "rock/rock-1", "rock/rock-2"});
  Start("monitoringtargets", std::string(kTargetsPath), {"rock/rock"});
  Start("namespaces", "/api/v1/namespaces", {"rock", "telltale"});
  if (random_.Chance(0.7)) {  // else the faults are there from the first request on
    EXPECT_TRUE(scheduler_.RunUntil([this] { return Agrees(); }, seconds(30)));
  }
  stage_.Disturb();
  // The longest silence of a dead stream, the longest wait between tries, a look at the version.
  EXPECT_TRUE(scheduler_.RunUntil([this] { return Agrees(); }, seconds(900))) << why_;
  // And it stays so, at rest: when the last dead stream and the last wait are over.
  scheduler_.RunFor(seconds(240));
  const std::size_t before = stage_.server.log().size();
  scheduler_.RunFor(seconds(600));
  EXPECT_TRUE(Agrees()) << why_;
  ExpectCalm(stage_.server.log(), before, seconds(600));
  ExpectNoStorm(stage_.server.log(), stage_.plan.restores());
  for (const auto& watched : watched_) {
    EXPECT_TRUE(watched->sink.missing.empty())
        << watched->collection << " lacked " << watched->sink.missing.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReflectorFaults, testing::ValuesIn(SeedsOr(1, 248)), SeedName);

}  // namespace
}  // namespace telltale::faults

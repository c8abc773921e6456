// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/core_process.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/faults/operator/world.h"

namespace telltale::faults {
namespace {

constexpr int kNotPoked = -1;

}  // namespace

std::string TextOf(const BodyPieces& pieces) {
  std::string text;
  text.reserve(pieces.size());
  BodyPieces::Cursor at;
  std::array<std::string_view, 16> some;
  while (const std::size_t count = pieces.Next(at, some)) {
    for (std::size_t i = 0; i < count; ++i) text += some[i];
  }
  return text;
}

CoreProcess::CoreProcess(SimServer& server, FakeClock& clock, Options options)
    : server_(server),
      clock_(clock),
      options_(std::move(options)),
      random_(options_.seed, "process" + std::to_string(options_.id)),
      reads_(server, options_.id, MakeHooks()),
      writes_(server, options_.id, MakeHooks()),
      lease_(server, options_.id, MakeHooks()),
      core_(std::make_unique<Core>(MakeOptions(), CoreTransports{reads_, writes_, lease_},
                                   registry_, clock)) {
  SpawnReflectors();
  SpawnStepper("publisher", 400, [this] { return StepPublisher(); });
  for (Controller* controller : core_->controllers()) {
    SpawnStepper("controller", 60, [this, controller] { return StepController(*controller); });
  }
  SpawnStepper("leadership", kNotPoked, [this] { return StepLeadership(); });
  SpawnStepper("events", 60, [this] { return StepEvents(); });
}

CoreProcess::~CoreProcess() { Kill(); }

void CoreProcess::Kill() {
  for (const auto& reflector : core_->reflectors()) reflector->Stop();
  server_.scheduler().Kill(options_.id);
}

CoreOptions CoreProcess::MakeOptions() {
  CoreOptions options;
  options.ns = "telltale";
  options.trusted_namespaces = {"telltale"};
  options.sidecars.loki_url = options_.older ? "http://loki.old:3100" : "http://loki:3100";
  options.installation.sidecar_image = options_.older ? kOldImage : kImage;
  options.identity = "operator-" + std::to_string(options_.id);
  if (options_.elect) {
    options.leader.emplace();
    options.leader->ns = "telltale";
    options.leader->identity = options.identity;
  }
  options.wait = [this](Millis wait) { server_.scheduler().ParkFor(wait); };
  options.random = [this] { return random_.Next(); };
  return options;
}

SimTransport::Hooks CoreProcess::MakeHooks() {
  SimTransport::Hooks hooks;
  hooks.poke = [this] { Poke(); };
  hooks.write = [this] {
    if (options_.die_after_writes == 0 || ++written_ < options_.die_after_writes) {
      return WriteFate::kLive;
    }
    return options_.die_before_applied ? WriteFate::kDieBefore : WriteFate::kDieAfter;
  };
  hooks.die = [this] {
    if (!alive()) return;
    Kill();
    options_.died();
  };
  return hooks;
}

void CoreProcess::SpawnReflectors() {
  for (const auto& reflector : core_->reflectors()) {
    server_.scheduler().Spawn("reflector", options_.id,
                              [&reflector = *reflector] { reflector.Run(); });
  }
}

void CoreProcess::SpawnStepper(const std::string& name, int slowest_ms,
                               std::function<SteadyTime()> step) {
  Scheduler& scheduler = server_.scheduler();
  Scheduler::Task* task =
      scheduler.Spawn(name, options_.id, [this, &scheduler, step = std::move(step)] {
        // A closed queue may say that something is due and give nothing.
        while (!scheduler.Dead(options_.id)) {
          scheduler.Park(std::max(step(), scheduler.Now() + Millis(10)));
        }
      });
  steppers_.push_back({task, slowest_ms});
}

void CoreProcess::Poke() {
  for (const Stepper& stepper : steppers_) {
    if (stepper.slowest_ms == kNotPoked) continue;
    server_.scheduler().Wake(*stepper.task, Millis(random_.Between(0, stepper.slowest_ms)));
  }
}

std::string CoreProcess::Served() const {
  const auto document = core_->document();
  return document ? TextOf(*document) : "";
}

SteadyTime CoreProcess::StepPublisher() {
  core_->publisher().PublishOnce();
  if (auto document = core_->document(); document != seen_) {
    seen_ = std::move(document);
    if (alive()) options_.published(TextOf(*seen_));
    Poke();
  }
  return SteadyTime::max();
}

SteadyTime CoreProcess::StepController(Controller& controller) {
  bool any = false;
  for (;;) {
    ++in_hand_;
    const bool processed = controller.ProcessOne();
    --in_hand_;
    if (!processed || !alive()) break;
    any = true;
  }
  if (any) Poke();
  return controller.queue().NextDelayed().value_or(SteadyTime::max());
}

SteadyTime CoreProcess::StepLeadership() {
  // The threads of a Core end what they have in hand before the term ends; here that is waited for.
  while (in_hand_ > 0 && !core_->IsLeader() && alive()) server_.scheduler().ParkFor(Millis(20));
  const Millis wait = core_->StepLeadership();
  Poke();
  return clock_.Steady() + wait;
}

SteadyTime CoreProcess::StepEvents() {
  while (core_->events().ProcessOne() && alive()) {
  }
  return core_->events().NextDue().value_or(SteadyTime::max());
}

}  // namespace telltale::faults

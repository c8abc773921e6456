// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/leader/leader_elector.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/rfc3339.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr double kJitter =
    1.2;  // of the candidates' waits, and the least of renew_deadline / retry
constexpr std::int64_t kMaxDuration = 1 << 30;  // seconds; what others write is not trusted
constexpr std::int64_t kReleasedDuration = 1;
constexpr int kReleaseTries = 3;

std::function<std::uint64_t()> OrSystem(std::function<std::uint64_t()> random) {
  if (random) return random;
  return [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  };
}

std::int64_t Nanos(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

}  // namespace

Status ValidateLeaderOptions(const LeaderOptions& o) {
  if (o.ns.empty() || o.name.empty() || o.identity.empty()) {
    return Fail(Code::kInvalid,
                "leader election needs the namespace and the name of the Lease and an identity");
  }
  const auto count = [](milliseconds d) { return static_cast<double>(d.count()); };
  if (o.retry <= milliseconds(0) || count(o.renew_deadline) <= kJitter * count(o.retry) ||
      o.lease <= o.renew_deadline || o.lease % std::chrono::seconds(1) != milliseconds(0)) {
    return Fail(Code::kInvalid,
                "leader election needs a lease of whole seconds that is longer than the renew "
                "deadline, which is longer than 1.2 times the retry period");
  }
  return {};
}

std::string MakeIdentity(const std::string& pod, const std::function<std::uint64_t()>& random) {
  const std::uint64_t number = OrSystem(random)();
  return pod + "_" + HashHex(std::to_string(number));
}

LeaderElector::LeaderElector(LeaderOptions options, Api& api, Registry& registry, Clock& clock,
                             std::function<std::uint64_t()> random)
    : options_(std::move(options)),
      path_(LeasePath(options_.ns, options_.name)),
      api_(api),
      clock_(clock),
      random_(OrSystem(std::move(random))),
      master_(registry.AddGauge("leader_election_master_status",
                                "1 while this replica holds the lease of that name.",
                                {{"name", options_.name}})),
      slow_path_(registry.AddCounter("leader_election_slowpath_total",
                                     "Renewals that had to read the Lease first.",
                                     {{"name", options_.name}})) {
  TELLTALE_CHECK(ValidateLeaderOptions(options_).ok());
}

milliseconds LeaderElector::RequestTimeout(const LeaderOptions& options) {
  return std::max(milliseconds(1'000), options.renew_deadline / 2);
}

bool LeaderElector::IsLeader() const { return Nanos(clock_.Steady()) < leader_until_.load(); }

milliseconds LeaderElector::Step() {
  // We slept longer than we meant to: stopped, or without a processor.
  if (leading_ && DeadlinePassed()) EndTerm("this process did not run");
  const Outcome outcome = TryAcquireOrRenew();
  if (outcome == Outcome::kHeld && !DeadlinePassed()) {
    last_error_.clear();
    if (!leading_) BeginTerm();
  } else if (leading_ && DeadlinePassed()) {
    EndTerm(last_error_.empty() ? "the API server took too long" : last_error_);
  }
  return NextWait();
}

milliseconds LeaderElector::NextWait() {
  if (!leading_) {
    const double part = static_cast<double>(random_() >> 11) * 0x1p-53;  // [0, 1)
    const double wait = static_cast<double>(options_.retry.count()) * (1 + kJitter * part);
    return milliseconds(static_cast<std::int64_t>(wait));
  }
  // The end of the term is not slept through.
  const auto left = std::chrono::ceil<milliseconds>(held_until_ - clock_.Steady());
  return std::clamp(left, milliseconds(0), options_.retry);
}

LeaderElector::Outcome LeaderElector::TryAcquireOrRenew() {
  if (leading_) {
    if (Write(*observed_) == Outcome::kHeld) return Outcome::kHeld;
    if (DeadlinePassed()) return Outcome::kNotHeld;
    slow_path_.Add();
  }
  auto body = api_.Get(path_);
  if (!body && body.error().code != Code::kNotFound) return Failed(body.error());
  if (!body) {
    // Somebody deleted it. Its holder may not know yet and has until its end.
    return OthersLeaseRuns() ? Outcome::kNotHeld : Create();
  }
  auto lease = ParseLease(*body);
  if (!lease) return Failed(lease.error());
  Observe(std::move(*lease));
  const std::string& holder = observed_->spec.holder;
  if (holder != options_.identity && leading_) {
    EndTerm(holder.empty() ? "somebody freed it" : holder + " took it");
  }
  return OthersLeaseRuns() ? Outcome::kNotHeld : Write(*observed_);
}

LeaderElector::Outcome LeaderElector::Create() {
  const SteadyTime began = clock_.Steady();
  maybe_ours_ = true;
  LeaseSpec spec = WantedSpec({});
  spec.transitions = 0;
  return Wrote(began,
               api_.Create(LeaseCollection(options_.ns),
                           RenderLease(NewLeaseMetadata(options_.ns, options_.name,
                                                        options_.owner ? options_.owner() : ""),
                                       spec)));
}

LeaderElector::Outcome LeaderElector::Write(const Lease& read) {
  const SteadyTime began = clock_.Steady();
  maybe_ours_ = true;
  return Wrote(began, api_.Update(path_, RenderLease(read.metadata_json, WantedSpec(read.spec))));
}

// The lease runs from before the request was sent: the others saw it change later than that.
LeaderElector::Outcome LeaderElector::Wrote(SteadyTime began, Result<std::string> stored) {
  if (!stored) return Failed(stored.error());
  auto lease = ParseLease(*stored);
  if (!lease) return Failed(lease.error());
  Observe(std::move(*lease));
  if (observed_->spec.holder != options_.identity) return Outcome::kNotHeld;
  held_until_ = began + options_.renew_deadline;
  if (leading_) leader_until_ = Nanos(held_until_);
  return Outcome::kHeld;
}

LeaseSpec LeaderElector::WantedSpec(const LeaseSpec& held) const {
  LeaseSpec spec;
  spec.holder = options_.identity;
  spec.duration_seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.lease).count();
  spec.renew_time = FormatRfc3339(clock_.WallNanos(), 6);
  const bool ours = held.holder == options_.identity;
  spec.acquire_time = ours && !held.acquire_time.empty() ? held.acquire_time : spec.renew_time;
  spec.transitions = held.transitions + (ours ? 0 : 1);
  return spec;
}

void LeaderElector::Observe(Lease lease) {
  const std::string& holder = lease.spec.holder;
  if (holder != options_.identity) {
    maybe_ours_ = false;
    if (!holder.empty() && (!observed_ || observed_->spec.holder != holder)) {
      LogInfo(
          "another replica leads",
          {{"lease", options_.name}, {"holder", holder}, {"transitions", lease.spec.transitions}});
    }
  }
  // Only what the holder writes proves that he lives; a label that changed does not.
  if (!observed_ || observed_->spec != lease.spec) observed_at_ = clock_.Steady();
  observed_ = std::move(lease);
}

bool LeaderElector::OthersLeaseRuns() const {
  if (!observed_) return false;
  const LeaseSpec& spec = observed_->spec;
  if (spec.holder.empty() || spec.holder == options_.identity) return false;
  const auto duration = spec.duration_seconds > 0
                            ? std::chrono::seconds(std::min(spec.duration_seconds, kMaxDuration))
                            : std::chrono::duration_cast<std::chrono::seconds>(options_.lease);
  return clock_.Steady() < observed_at_ + duration;
}

LeaderElector::Outcome LeaderElector::Failed(const Error& error) {
  // The ordinary way to learn that another replica was faster.
  if (error.code == Code::kConflict) return Outcome::kNotHeld;
  if (error.message != last_error_) {
    LogWarn(
        "the lease could not be read or written; trying again",
        {{"lease", options_.name}, {"leading", leading_ ? "yes" : "no"}, {"error", error.message}});
  }
  last_error_ = error.message;
  return Outcome::kNotHeld;
}

void LeaderElector::BeginTerm() {
  leading_ = true;
  leader_until_ = Nanos(held_until_);
  master_.Set(1);
  LogInfo("became the leader", {{"lease", options_.name},
                                {"identity", options_.identity},
                                {"transitions", observed_->spec.transitions}});
  if (started_) started_();
}

void LeaderElector::EndTerm(const std::string& why) {
  leading_ = false;
  leader_until_ = 0;
  master_.Set(0);
  LogWarn("lost the lease: nothing is written until it is won again",
          {{"lease", options_.name}, {"identity", options_.identity}, {"reason", why}});
  if (stopped_) stopped_();
}

void LeaderElector::Release() {
  if (leading_) {
    // The writers may finish what they have in hand: the lease is still ours.
    if (stopped_) stopped_();
    leading_ = false;
    leader_until_ = 0;
    master_.Set(0);
  }
  if (!maybe_ours_) return;
  const Status freed = Free();
  if (freed.ok()) return;
  LogWarn("the lease could not be freed; another replica takes it when it has run out",
          {{"lease", options_.name}, {"error", freed.error().message}});
}

Status LeaderElector::Free() {
  Status last;
  for (int i = 0; i < kReleaseTries; ++i) {
    if (i > 0 || !observed_ || observed_->spec.holder != options_.identity) {
      auto body = api_.Get(path_);
      if (!body && body.error().code == Code::kNotFound) return {};
      if (!body) return body.error();
      auto lease = ParseLease(*body);
      if (!lease) return lease.error();
      Observe(std::move(*lease));
      if (observed_->spec.holder != options_.identity) return {};
    }
    LeaseSpec spec = WantedSpec(observed_->spec);
    spec.holder.clear();
    spec.duration_seconds = kReleasedDuration;
    spec.acquire_time = spec.renew_time;
    auto stored = api_.Update(path_, RenderLease(observed_->metadata_json, spec));
    if (stored) {
      maybe_ours_ = false;
      observed_.reset();
      LogInfo("freed the lease", {{"lease", options_.name}, {"identity", options_.identity}});
      return {};
    }
    last = stored.error();
    if (last.error().code != Code::kConflict) break;
  }
  return last;
}

void LeaderElector::Run() {
  for (MutexLock lock(mutex_); !stopping_;) {
    lock.Unlock();
    const milliseconds wait = Step();
    lock.Lock();
    wake_.WaitFor(mutex_, wait, [this]() REQUIRES(mutex_) { return stopping_; });
  }
  Release();
}

void LeaderElector::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyAll();
}

}  // namespace telltale

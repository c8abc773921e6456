// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/eventlog/event_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/text/json_writer.h"
#include "operator/kube/watch/resource_version.h"
#include "operator/reconcile/eventlog/event_line.h"

namespace telltale {
namespace {

constexpr std::chrono::milliseconds kBetween{1'000};
constexpr std::string_view kKey = "resourceVersion";

Counter& CounterOf(Registry& registry, const char* result) {
  return registry.AddCounter("telltale_event_log_lines_total",
                             "Events of the cluster for the log store, by what became of them.",
                             {{"result", result}});
}

}  // namespace

EventLog::EventLog(EventLogOptions options, Api& api, Registry& registry)
    : options_(std::move(options)),
      api_(api),
      written_(CounterOf(registry, "written")),
      dropped_(CounterOf(registry, "dropped")) {}

void EventLog::ReplaceBegin() {
  MutexLock lock(mutex_);
  whole_ = false;
}

void EventLog::ReplaceEnd() {
  MutexLock lock(mutex_);
  whole_ = true;
}

Status EventLog::Changed(JsonValue event, std::string& resource_version) {
  std::string line;
  if (Status read = EventLine(event, resource_version, line); !read.ok()) return read;
  if (!IsComparableVersion(resource_version)) {
    return Fail(Code::kInvalid, "an event without a resource version");
  }
  Version version(resource_version.size(), resource_version);
  MutexLock lock(mutex_);
  if (version <= position_) return {};
  waiting_.insert_or_assign(std::move(version), std::move(line));
  if (waiting_.size() <= options_.max_waiting) return {};
  waiting_.erase(waiting_.begin());
  // Those who do not lead need only what the leader may not have written yet.
  if (options_.leads()) dropped_.Add();
  return {};
}

Status EventLog::Deleted(JsonValue event, std::string& resource_version) {
  std::string unused;
  return EventLine(event, resource_version, unused);
}

void EventLog::Run() {
  do Step();
  while (stop_.Wait(kBetween));
  Step();
}

void EventLog::Step() {
  if (!options_.leads()) {
    leading_ = false;
    return;
  }
  if (!leading_) {
    const Status read = ReadPosition();
    if (!read.ok()) return Complain("the events' position cannot be read", read);
    leading_ = saved_ = true;
  }
  Lines lines = Take();
  if (!lines.empty()) {
    const Version last = lines.rbegin()->first;
    const std::size_t count = lines.size();
    const Status appended = Append(lines);
    {
      MutexLock lock(mutex_);
      appended.ok() ? void(position_ = last) : waiting_.merge(lines);
    }
    if (!appended.ok()) return Complain("events cannot be written for the log store", appended);
    written_.Add(count);
    saved_ = false;
  }
  if (!saved_) {
    const Status saved = SavePosition();
    if (!saved.ok()) return Complain("the events' position cannot be saved", saved);
    saved_ = true;
  }
  complaint_.clear();
}

EventLog::Lines EventLog::Take() {
  MutexLock lock(mutex_);
  if (!whole_) return {};
  waiting_.erase(waiting_.begin(), waiting_.upper_bound(position_));
  Lines taken;
  taken.swap(waiting_);
  return taken;
}

// One write, so that no reader sees half of a line that the disk had no room for: what was written
// of it is cut off again.
Status EventLog::Append(const Lines& lines) {
  struct stat now{};
  if (stat(options_.file.c_str(), &now) == 0 &&
      static_cast<std::size_t>(now.st_size) >= options_.max_file) {
    const std::string older = options_.file + ".1";
    if (std::rename(options_.file.c_str(), older.c_str()) != 0) {
      return ErrnoError("renaming " + options_.file, errno);
    }
    now.st_size = 0;
  }
  const UniqueFd file(open(options_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file) return ErrnoError("opening " + options_.file, errno);
  if (fstat(file.get(), &now) != 0) return ErrnoError("reading " + options_.file, errno);
  std::string text;
  for (const auto& [version, line] : lines) text.append(line).push_back('\n');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(file.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const Error error = ErrnoError("writing " + options_.file, errno);
      if (ftruncate(file.get(), now.st_size) != 0)
        LogWarn("half a line stays", {{"file", options_.file}});
      return error;
    }
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Status EventLog::ReadPosition() {
  std::string position;
  const auto found = api_.Get(ConfigMapPath(options_.ns, kEventConfigMap));
  if (found) {
    JsonParser parser;
    TELLTALE_TRY(parser.Parse(*found, [&](JsonValue root) {
      return root.ForEachField([&](std::string_view key, JsonValue data) -> Status {
        if (key != "data") return {};
        return data.ForEachField([&](std::string_view name, JsonValue value) -> Status {
          if (name == kKey) position = value.String().value_or("");
          return {};
        });
      });
    }));
  } else if (found.error().code != Code::kNotFound) {
    return found.error();
  }
  MutexLock lock(mutex_);
  if (IsComparableVersion(position)) {
    position_ = std::max(position_, Version(position.size(), position));
  }
  return {};
}

Status EventLog::SavePosition() {
  std::string position;
  {
    MutexLock lock(mutex_);
    position = position_.second;
  }
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "ConfigMap");
  w.Key("metadata").BeginObject().Field("name", kEventConfigMap).Field("namespace", options_.ns);
  w.Key("labels").BeginObject().Field("app.kubernetes.io/managed-by", kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject();
  const std::string owner = options_.owner ? options_.owner() : "";
  if (!owner.empty()) w.Key("ownerReferences").BeginArray().Raw(owner).EndArray();
  w.EndObject().Key("data").BeginObject().Field(kKey, position).EndObject().EndObject();
  return api_.Apply(ConfigMapPath(options_.ns, kEventConfigMap), json);
}

// Once for each trouble, and not each second.
void EventLog::Complain(const std::string& what, const Status& status) {
  if (status.error().code == Code::kCancelled || complaint_ == status.error().message) return;
  complaint_ = status.error().message;
  LogWarn(what, {{"error", complaint_}});
}

}  // namespace telltale

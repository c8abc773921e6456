// SPDX-License-Identifier: Apache-2.0
//
// Pods as bytes: templates that tests/bench/templates.py wrote, in JSON and (for Go clients, which
// ask for it) protobuf, with tokens of fixed length where pods differ. Rendering a pod is one copy
// and some thirty patches of a few bytes, so that the load costs its generator next to nothing.
// Immutable once loaded; any thread may render.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "tests/bench/load/pod_fill.h"

namespace telltale::bench {

enum class Encoding : std::uint8_t { kJson, kProtobuf };
enum class EventType : std::uint8_t { kAdded, kModified, kDeleted };

class Templates {
 public:
  Status Load(const std::string& folder, bool protobuf);

  // Appends one watch event as the API server frames it: a line of JSON, or a length and a message.
  void Event(EventType type, const PodFill& pod, Encoding encoding, std::string& out) const;
  // Appends a bookmark; `initial` says that the initial events are through.
  void Bookmark(std::uint64_t version, bool initial, Encoding encoding, std::string& out) const;
  // A PodList in three parts: the head needs to know all pods, because protobuf says its size
  // first; the items can be appended piece by piece.
  void ListHead(std::span<const PodFill> pods, std::uint64_t version, std::string_view next,
                Encoding encoding, std::string& out) const;
  void ListItem(const PodFill& pod, bool first, Encoding encoding, std::string& out) const;
  static void ListTail(Encoding encoding, std::string& out);
  std::size_t Size(const PodFill& pod) const;  // of its JSON

 private:
  struct Patch {
    std::uint32_t offset = 0;
    Hole hole = Hole::kNs;
  };
  struct Form {
    std::string bytes;
    std::vector<Patch> patches;
  };
  static constexpr int kShapes = 4;
  using Forms = std::array<std::array<Form, kPhases>, kShapes>;

  static Status LoadForm(const std::string& path, Form& out);
  Status LoadAll(const std::string& folder, std::string_view suffix, Forms& forms, Form& bookmark,
                 Form& initial);
  const Form& FormOf(const PodFill& pod, Encoding encoding) const;
  static void Fill(const Form& form, const PodFill& pod, std::string& out);
  static void Frame(std::string_view type, const Form& form, const PodFill& pod, Encoding encoding,
                    std::string& out);

  std::array<Forms, 2> forms_;
  std::array<Form, 2> bookmark_, initial_;
};

}  // namespace telltale::bench

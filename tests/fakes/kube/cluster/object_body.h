// SPDX-License-Identifier: Apache-2.0
//
// The JSON of one object as FakeCluster keeps it: immutable, shared by the store, the history and
// every list and watch, and small where many objects are alike: a pod of 6 KB costs its fields
// alone, the rest is the template's. Rendering is copying; no JSON is parsed. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace telltale {

// An object's JSON with holes inside its strings: ${rv} and ${uid} are the cluster's, ${0}, ${1}
// ... the fields of each object. A field's text is put in as it is, so it must need no JSON escape.
//   {"metadata":{"name":"${0}","namespace":"shop","uid":"${uid}","resourceVersion":"${rv}"},...}
// kind and apiVersion are left out or not: the cluster writes them where the API server does.
class ObjectTemplate {
 public:
  // Aborts on text that is no JSON object: a template is a constant of a test.
  static std::shared_ptr<const ObjectTemplate> Make(std::string_view json);

 private:
  friend class ObjectBody;
  static constexpr int kResourceVersion = -1, kUid = -2, kEnd = -3;
  struct Part {
    std::string text;  // before the hole
    int hole = kEnd;
  };
  std::vector<Part> parts_;
};

class ObjectBody;
using ObjectRef = std::shared_ptr<const ObjectBody>;

class ObjectBody {
 public:
  static ObjectRef FromTemplate(std::shared_ptr<const ObjectTemplate> shape,
                                const std::vector<std::string_view>& fields, std::string_view uid,
                                std::uint64_t resource_version);
  // `json` starts with '{', holds the resourceVersion already, and has no kind and apiVersion.
  static ObjectRef FromText(std::string json, std::uint64_t resource_version);
  // The same object at another version. Text is copied, fields of a template are too.
  static ObjectRef WithVersion(const ObjectRef& object, std::uint64_t resource_version);

  // Appends the object; `head` is written after the first brace ("kind":"Pod","apiVersion":"v1",).
  void AppendTo(std::string& out, std::string_view head) const;
  std::string Text() const;

  std::uint64_t resource_version() const { return resource_version_; }
  // The uid of a template's object; empty for FromText, whose JSON holds it.
  std::string_view uid() const { return std::string_view(text_).substr(0, uid_size_); }

 private:
  std::shared_ptr<const ObjectTemplate> shape_;  // without it, text_ is the JSON
  std::string text_;                             // or the uid and the fields, one after the other
  std::vector<std::uint16_t> ends_;              // of the fields in text_
  std::uint16_t uid_size_ = 0;
  std::uint64_t resource_version_ = 0;
};

}  // namespace telltale

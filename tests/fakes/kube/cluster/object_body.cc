// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/object_body.h"

#include <charconv>

#include "common/base/check.h"
#include "tests/fakes/kube/cluster/json_tree.h"

namespace telltale {

std::shared_ptr<const ObjectTemplate> ObjectTemplate::Make(std::string_view json) {
  auto tree = ParseJsonTree(json);
  TELLTALE_CHECK(tree.ok() && tree->is_object());
  tree->Erase("kind");
  tree->Erase("apiVersion");
  const std::string text = tree->Text();
  auto made = std::make_shared<ObjectTemplate>();
  std::string_view rest = text;
  while (true) {
    const std::size_t start = rest.find("${");
    const std::size_t end = start == rest.npos ? rest.npos : rest.find('}', start);
    if (end == rest.npos) break;
    const std::string_view name = rest.substr(start + 2, end - start - 2);
    int hole = kEnd;
    if (name == "rv") hole = kResourceVersion;
    if (name == "uid") hole = kUid;
    if (hole == kEnd) {
      const auto parsed = std::from_chars(name.data(), name.data() + name.size(), hole);
      TELLTALE_CHECK(parsed.ec == std::errc() && hole >= 0);  // ${rv}, ${uid}, ${0} and so on
    }
    made->parts_.push_back({std::string(rest.substr(0, start)), hole});
    rest.remove_prefix(end + 1);
  }
  made->parts_.push_back({std::string(rest), kEnd});
  return made;
}

ObjectRef ObjectBody::FromTemplate(std::shared_ptr<const ObjectTemplate> shape,
                                   const std::vector<std::string_view>& fields,
                                   std::string_view uid, std::uint64_t resource_version) {
  auto made = std::make_shared<ObjectBody>();
  for (const auto& part : shape->parts_) {
    TELLTALE_CHECK(part.hole < static_cast<int>(fields.size()));  // each hole has its field
  }
  made->shape_ = std::move(shape);
  std::size_t size = uid.size();
  for (const std::string_view field : fields) size += field.size();
  TELLTALE_CHECK(size < 65'536);
  made->text_.reserve(size);
  made->text_ = uid;
  made->uid_size_ = static_cast<std::uint16_t>(uid.size());
  made->ends_.reserve(fields.size());
  for (const std::string_view field : fields) {
    made->text_ += field;
    made->ends_.push_back(static_cast<std::uint16_t>(made->text_.size()));
  }
  made->resource_version_ = resource_version;
  return made;
}

ObjectRef ObjectBody::FromText(std::string json, std::uint64_t resource_version) {
  TELLTALE_CHECK(json.size() >= 2 && json.front() == '{');
  auto made = std::make_shared<ObjectBody>();
  made->text_ = std::move(json);
  made->resource_version_ = resource_version;
  return made;
}

ObjectRef ObjectBody::WithVersion(const ObjectRef& object, std::uint64_t resource_version) {
  auto made = std::make_shared<ObjectBody>(*object);
  if (!made->shape_) {
    // The text holds the old version; it is the only place where this quoted number follows it.
    const std::string old =
        "\"resourceVersion\":\"" + std::to_string(made->resource_version_) + '"';
    const std::size_t at = made->text_.find(old);
    if (at != std::string::npos) {
      made->text_.replace(at, old.size(),
                          "\"resourceVersion\":\"" + std::to_string(resource_version) + '"');
    }
  }
  made->resource_version_ = resource_version;
  return made;
}

void ObjectBody::AppendTo(std::string& out, std::string_view head) const {
  if (!shape_) {
    out += '{';
    out += head;
    out.append(text_, 1);
    return;
  }
  bool first = true;
  for (const auto& part : shape_->parts_) {
    if (first) {
      out += '{';
      out += head;
      out.append(part.text, 1);
      first = false;
    } else {
      out += part.text;
    }
    if (part.hole >= 0) {
      const auto index = static_cast<std::size_t>(part.hole);
      const std::size_t from = index == 0 ? uid_size_ : ends_[index - 1];
      out.append(text_, from, ends_[index] - from);
    } else if (part.hole == ObjectTemplate::kUid) {
      out += uid();
    } else if (part.hole == ObjectTemplate::kResourceVersion) {
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof digits, resource_version_).ptr;
      out.append(digits, end);
    }
  }
}

std::string ObjectBody::Text() const {
  std::string out;
  AppendTo(out, "");
  return out;
}

}  // namespace telltale

// SPDX-License-Identifier: Apache-2.0
//
// The fence of yaml-cpp's parser: the only file of ours that includes it. Its events are used and
// not its Node, because events know lines, anchors, aliases and keys that come twice, and an alias
// is seen before anything is expanded.
#include "common/text/yaml_reader.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000;

Error At(int line, std::string_view what) {
  return Fail(Code::kInvalid, "line " + std::to_string(line) + ": " + std::string(what));
}

// Leaves yaml-cpp through its own exception paths; caught in ParseYaml.
struct Refused {
  Error error;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AwaitsKey()) throw Refused{At(Line(mark), "a key is empty or null; write it in quotes")};
    Add(mark, "", anchor, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{At(Line(mark), "aliases (*name) are not supported; write the value out")};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    YamlNode node;
    std::unordered_set<std::string> keys;
    bool has_key = false;  // of a map: the key is known, its value comes next
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }
  bool AwaitsKey() const {
    return !levels_.empty() && levels_.back().node.kind == YamlNode::Kind::kMap &&
           !levels_.back().has_key;
  }
  YamlNode Make(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                YamlNode::Kind kind);
  void Add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
           YamlNode::Kind kind) {
    Place(Make(mark, tag, anchor, kind));
  }
  void AddKey(const YAML::Mark& mark, const std::string& key);
  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind);
  void Close();
  void Place(YamlNode node);

  YamlNode root_;
  std::vector<Level> levels_;  // the open sequences and maps, outermost first
  std::size_t nodes_ = 0;
};

// Checks that hold for every node, keys included. yaml-cpp says "?" for a plain scalar without a
// tag, "!" for a quoted one.
YamlNode TreeBuilder::Make(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           YamlNode::Kind kind) {
  if (anchor != YAML::NullAnchor) {
    throw Refused{At(Line(mark), "anchors (&name) are not supported; write the value out")};
  }
  const bool is_string_tag = tag == "tag:yaml.org,2002:str" && kind == YamlNode::Kind::kScalar;
  if (!tag.empty() && tag != "?" && tag != "!" && !is_string_tag) {
    throw Refused{At(Line(mark), "the tag " + tag + " is not supported; leave it out")};
  }
  if (++nodes_ > kMaxNodes) {
    throw Refused{Fail(Code::kTooLarge, "line " + std::to_string(Line(mark)) +
                                            ": there are more than 100000 values")};
  }
  YamlNode node;
  node.kind = kind;
  node.line = Line(mark);
  node.quoted = kind == YamlNode::Kind::kScalar && (tag == "!" || is_string_tag);
  return node;
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  YamlNode node = Make(mark, tag, anchor, YamlNode::Kind::kScalar);
  if (AwaitsKey()) {
    AddKey(mark, value);
    return;
  }
  node.scalar = value;
  Place(std::move(node));
}

void TreeBuilder::AddKey(const YAML::Mark& mark, const std::string& key) {
  Level& level = levels_.back();
  if (!level.keys.insert(key).second) {
    throw Refused{At(Line(mark), "the key \"" + key + "\" is given twice, first near line " +
                                     std::to_string(level.node.Find(key)->line))};
  }
  level.node.fields.emplace_back(key, YamlNode{});
  level.node.fields.back().second.line = Line(mark);
  level.has_key = true;
}

void TreeBuilder::Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YamlNode::Kind kind) {
  if (AwaitsKey()) throw Refused{At(Line(mark), "a key is a list or a map; it must be text")};
  if (levels_.size() >= kMaxDepth) {
    throw Refused{Fail(Code::kTooLarge, "line " + std::to_string(Line(mark)) +
                                            ": it is nested deeper than 32 levels")};
  }
  levels_.push_back(Level{Make(mark, tag, anchor, kind), {}, false});
}

void TreeBuilder::Close() {
  YamlNode node = std::move(levels_.back().node);
  levels_.pop_back();
  Place(std::move(node));
}

void TreeBuilder::Place(YamlNode node) {
  if (levels_.empty()) {
    root_ = std::move(node);
    return;
  }
  Level& level = levels_.back();
  if (level.node.kind == YamlNode::Kind::kSequence) {
    level.node.items.push_back(std::move(node));
  } else {
    level.node.fields.back().second = std::move(node);
    level.has_key = false;
  }
}

// yaml-cpp passes bytes on as they are and takes byte 4 for the end of the file, so both are
// checked here.
Status CheckBytes(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Fail(Code::kTooLarge,
                "it has " + std::to_string(text.size()) + " bytes, more than the allowed 1048576");
  }
  std::string valid;
  AppendValidUtf8(text, valid);
  int line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != valid[i]) return At(line, "the text is not UTF-8");
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      return At(line, "there is a control character");
    }
    if (c == '\n') ++line;
  }
  return {};
}

}  // namespace

YamlNode::YamlNode() = default;
YamlNode::YamlNode(const YamlNode&) = default;
YamlNode::YamlNode(YamlNode&&) noexcept = default;
YamlNode& YamlNode::operator=(const YamlNode&) = default;
YamlNode& YamlNode::operator=(YamlNode&&) noexcept = default;
YamlNode::~YamlNode() = default;

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, node] : fields) {
    if (name == key) return &node;
  }
  return nullptr;
}

Result<YamlNode> ParseYaml(std::string_view text) {
  TELLTALE_TRY(CheckBytes(text));
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return YamlNode{};  // nothing but comments
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      return At(second.TakeRoot().line, "a second document begins here; only one is read");
    }
    return builder.TakeRoot();
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const YAML::Exception& exception) {
    return At(exception.mark.is_null() ? 1 : exception.mark.line + 1, exception.msg);
  } catch (const std::exception& exception) {
    return Fail(Code::kInternal, exception.what());
  }
}

}  // namespace telltale

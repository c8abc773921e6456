// SPDX-License-Identifier: Apache-2.0
//
// The fence of yaml-cpp's parser: no other file of ours includes it. It uses the parser's events
// rather than YAML::Node, because events know lines, anchors, aliases and repeated keys, and show
// an alias before it is expanded.
#include "common/text/yaml_reader.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "common/base/strings.h"
#include "common/text/yaml_explain.h"
#include "common/text/yaml_text.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000;

// Thrown through yaml-cpp, and caught in Read.
struct Refused {
  YamlProblem problem;
  Code code = Code::kInvalid;
  bool odd_key = false;  // yaml-cpp makes such a key also of a missing colon or bracket
};

Refused OddKey(int line, std::string what) {
  return {{line, std::move(what)}, Code::kInvalid, true};
}
Refused At(int line, std::string what) { return {{line, std::move(what)}}; }

class TreeBuilder final : public YAML::EventHandler {
 public:
  // With `any_key` a key may be a list, a map or null: for a text whose syntax alone is checked.
  explicit TreeBuilder(bool any_key = false) : any_key_(any_key) {}
  YamlNode TakeRoot() { return std::move(root_); }
  // Where the last scalar in quotes begins, or a block scalar.
  const std::optional<YAML::Mark>& last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AwaitsKey() && any_key_) return AddKey(mark, OwnKey());
    if (AwaitsKey()) throw OddKey(Line(mark), "a key is empty or null; write it in quotes");
    Add(mark, "", anchor, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw At(Line(mark), "aliases (*name) are not supported; write the value out");
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
    std::unordered_map<std::string, int> keys;  // and their lines
    bool has_key = false;                       // of a map: the key is known, its value comes next
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

  std::string OwnKey() const { return "\n" + std::to_string(nodes_); }  // no key is like it

  const bool any_key_;
  YamlNode root_;
  std::optional<YAML::Mark> last_quoted_;
  std::vector<Level> levels_;  // the open sequences and maps, outermost first
  std::size_t nodes_ = 0;
};

// Checks that hold for every node, keys included. yaml-cpp says "?" for a plain scalar without a
// tag, "!" for a quoted one.
YamlNode TreeBuilder::Make(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           YamlNode::Kind kind) {
  if (anchor != YAML::NullAnchor) {
    throw At(Line(mark),
             "anchors (&name) are not supported; write the value out, or put the text in quotes");
  }
  const bool is_string_tag = tag == "tag:yaml.org,2002:str" && kind == YamlNode::Kind::kScalar;
  if (!tag.empty() && tag != "?" && tag != "!" && !is_string_tag) {
    throw At(Line(mark),
             "the tag " + tag + " is not supported; leave it out, or put the text in quotes");
  }
  if (++nodes_ > kMaxNodes) {
    throw Refused{{Line(mark), "there are more than 100000 values"}, Code::kTooLarge};
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
  if (node.quoted) last_quoted_ = mark;
  if (AwaitsKey()) {
    if (value == "<<" && !node.quoted) {
      throw At(Line(mark), "merge keys (<<) are not supported; write the values out");
    }
    AddKey(mark, value);
    return;
  }
  node.scalar = value;
  Place(std::move(node));
}

void TreeBuilder::AddKey(const YAML::Mark& mark, const std::string& key) {
  Level& level = levels_.back();
  const auto [first, is_new] = level.keys.emplace(key, Line(mark));
  if (!is_new) {
    throw At(Line(mark), "the key \"" + key + "\" is given twice, first in line " +
                             std::to_string(first->second));
  }
  level.node.fields.emplace_back(key, YamlNode{});
  level.node.fields.back().second.line = Line(mark);
  level.has_key = true;
}

void TreeBuilder::Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YamlNode::Kind kind) {
  if (AwaitsKey() && !any_key_)
    throw OddKey(Line(mark), "a key is a list or a map; it must be text");
  if (levels_.size() >= kMaxDepth) {
    throw Refused{{Line(mark), "it is nested deeper than 32 levels"}, Code::kTooLarge};
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
  } else if (!level.has_key) {  // any_key_ only
    level.node.fields.emplace_back(OwnKey(), YamlNode{});
    level.has_key = true;
  } else {
    level.node.fields.back().second = std::move(node);
    level.has_key = false;
  }
}

std::optional<YamlProblem> SyntaxProblem(std::string_view text) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(true);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& exception) {
    if (exception.mark.is_null()) return std::nullopt;
    return ExplainYamlError(text, exception.mark.line + 1, exception.mark.column + 1,
                            exception.msg);
  } catch (const Refused&) {
  }
  return std::nullopt;
}

YamlNode Read(std::string_view text) {
  if (text.size() > kMaxBytes) {
    throw Refused{
        {0, "it has " + std::to_string(text.size()) + " bytes, more than the allowed 1048576"},
        Code::kTooLarge};
  }
  if (auto bad = FindBadBytes(text)) throw Refused{*bad};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) return {};  // nothing but comments
    if (const auto& mark = builder.last_quoted();
        mark && !EndsQuote(text, static_cast<std::size_t>(mark->pos))) {
      throw At(mark->line + 1, "the quote that begins here is not closed");
    }
    TreeBuilder second;
    if (!parser.HandleNextDocument(second)) return builder.TakeRoot();
    throw At(second.TakeRoot().line,
             SeparatesDocuments(text) ? "a second document begins here; only one is read"
                                      : "this line does not continue the list above it: indent it, "
                                        "or begin it with \"- \"");
  } catch (const Refused& refused) {
    const auto syntax = refused.odd_key ? SyntaxProblem(text) : std::nullopt;
    throw syntax ? Refused{*syntax} : refused;
  } catch (const YAML::Exception& exception) {
    if (exception.mark.is_null()) throw At(1, exception.msg);
    throw Refused{
        ExplainYamlError(text, exception.mark.line + 1, exception.mark.column + 1, exception.msg)};
  }
}

// `place` makes the beginning of a sentence of the line, 0 for none.
template <class Place>
Result<YamlNode> ParseAs(std::string_view text, Place place) {
  try {
    return Read(text);
  } catch (const Refused& refused) {
    return Fail(refused.code, place(refused.problem.line) + refused.problem.what);
  } catch (const std::exception& exception) {
    return Fail(Code::kInternal, place(0) + exception.what());
  }
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
  return ParseAs(text, [](int line) {
    return line > 0 ? "line " + std::to_string(line) + ": " : std::string();
  });
}

Result<YamlNode> ParseYaml(std::string_view text, std::string_view file) {
  return ParseAs(text, [&](int line) {
    return std::string(file) + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
  });
}

}  // namespace telltale

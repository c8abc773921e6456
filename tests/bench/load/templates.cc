// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/templates.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "common/base/files.h"

namespace telltale::bench {
namespace {

constexpr std::array<std::string_view, 4> kShapeNames = {"web", "worker", "cache", "sts"};
constexpr std::array<std::string_view, kPhases> kPhaseNames = {
    "created", "scheduled", "creating", "started", "ready", "touched", "terminating", "stopped"};
constexpr std::array<std::string_view, 3> kTypeNames = {"ADDED", "MODIFIED", "DELETED"};
constexpr std::string_view kMagic{"k8s\0", 4};

int ShapeOf(std::uint16_t app) { return IsStatefulSet(app) ? 3 : app % 3; }

void Varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::size_t VarintSize(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// The head and the tail of runtime.Unknown around `size` bytes of an object of this kind.
std::string UnknownHead(std::string_view kind, std::size_t size) {
  std::string meta = "\x0a\x02v1\x12";
  Varint(kind.size(), meta);
  meta += kind;
  std::string head(kMagic);
  head += '\x0a';
  Varint(meta.size(), head);
  head += meta;
  head += '\x12';
  Varint(size, head);
  return head;
}
constexpr std::string_view kUnknownTail{"\x1a\x00\x22\x00", 4};

}  // namespace

Status Templates::LoadForm(const std::string& path, Form& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(Code::kNotFound, "cannot read the template " + path);
  out.bytes.assign(std::istreambuf_iterator<char>(file), {});
  constexpr std::array<std::string_view, 9> kTokens = {"@NS@",  "@APP@", "@HASH@", "@SFX@", "@I@",
                                                       "@UID@", "@IP@",  "@RV@",   "@NODE@"};
  for (std::size_t kind = 0; kind < kTokens.size(); ++kind) {
    for (auto at = out.bytes.find(kTokens[kind]); at != std::string::npos;
         at = out.bytes.find(kTokens[kind], at + 1)) {
      out.patches.push_back({static_cast<std::uint32_t>(at), static_cast<Hole>(kind)});
    }
  }
  std::ranges::sort(out.patches, {}, &Patch::offset);
  return {};
}

Status Templates::LoadAll(const std::string& folder, std::string_view suffix, Forms& forms,
                          Form& bookmark, Form& initial) {
  const std::string end(suffix);
  for (std::size_t shape = 0; shape < kShapes; ++shape) {
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
      TELLTALE_TRY(LoadForm(folder + "/" + std::string(kShapeNames[shape]) + "-" +
                                std::string(kPhaseNames[phase]) + end,
                            forms[shape][phase]));
    }
  }
  TELLTALE_TRY(LoadForm(folder + "/bookmark" + end, bookmark));
  return LoadForm(folder + "/bookmark-initial" + end, initial);
}

Status Templates::Load(const std::string& folder, bool protobuf) {
  TELLTALE_TRY(LoadAll(folder, ".json", forms_[0], bookmark_[0], initial_[0]));
  return protobuf ? LoadAll(folder, ".pb", forms_[1], bookmark_[1], initial_[1]) : Status();
}

const Templates::Form& Templates::FormOf(const PodFill& pod, Encoding encoding) const {
  return forms_[static_cast<std::size_t>(encoding)][static_cast<std::size_t>(ShapeOf(pod.app))]
               [static_cast<std::size_t>(pod.phase)];
}

std::size_t Templates::Size(const PodFill& pod) const {
  return FormOf(pod, Encoding::kJson).bytes.size();
}

void Templates::Fill(const Form& form, const PodFill& pod, std::string& out) {
  const PodValues values(pod);
  const std::size_t start = out.size();
  out += form.bytes;
  for (const Patch& patch : form.patches) {
    const auto value = values[patch.hole];
    std::memcpy(out.data() + start + patch.offset, value.data(), value.size());
  }
}

void Templates::Frame(std::string_view type, const Form& form, const PodFill& pod,
                      Encoding encoding, std::string& out) {
  if (encoding == Encoding::kJson) {
    out.append("{\"type\":\"").append(type).append("\",\"object\":");
    Fill(form, pod, out);
    out += "}\n";
    return;
  }
  const std::string unknown = UnknownHead("Pod", form.bytes.size());
  const std::size_t raw = unknown.size() + form.bytes.size() + kUnknownTail.size();
  const std::size_t object = 1 + VarintSize(raw) + raw;
  const std::size_t event = 2 + type.size() + 1 + VarintSize(object) + object;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(event >> shift));
  out += '\x0a';
  Varint(type.size(), out);
  out += type;
  out += '\x12';
  Varint(object, out);
  out += '\x0a';
  Varint(raw, out);
  out += unknown;
  Fill(form, pod, out);
  out += kUnknownTail;
}

void Templates::Event(EventType type, const PodFill& pod, Encoding encoding,
                      std::string& out) const {
  Frame(kTypeNames[static_cast<std::size_t>(type)], FormOf(pod, encoding), pod, encoding, out);
}

void Templates::Bookmark(std::uint64_t version, bool initial, Encoding encoding,
                         std::string& out) const {
  PodFill fill;
  fill.version = version;
  const auto& forms = initial ? initial_ : bookmark_;
  Frame("BOOKMARK", forms[static_cast<std::size_t>(encoding)], fill, encoding, out);
}

void Templates::ListHead(std::span<const PodFill> pods, std::uint64_t version,
                         std::string_view next, Encoding encoding, std::string& out) const {
  const std::string number = std::to_string(version);
  if (encoding == Encoding::kJson) {
    out += R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" + number + "\"";
    if (!next.empty()) out.append(",\"continue\":\"").append(next).append("\"");
    out += "},\"items\":[";
    return;
  }
  std::string meta = "\x12";  // ListMeta: resourceVersion is 2, continue is 3
  Varint(number.size(), meta);
  meta += number;
  meta += '\x1a';
  Varint(next.size(), meta);
  meta += next;
  std::size_t size = 1 + VarintSize(meta.size()) + meta.size();
  for (const PodFill& pod : pods) {
    const std::size_t bytes = FormOf(pod, encoding).bytes.size();
    size += 1 + VarintSize(bytes) + bytes;
  }
  out += UnknownHead("PodList", size);
  out += '\x0a';
  Varint(meta.size(), out);
  out += meta;
}

void Templates::ListItem(const PodFill& pod, bool first, Encoding encoding,
                         std::string& out) const {
  const Form& form = FormOf(pod, encoding);
  if (encoding == Encoding::kJson) {
    if (!first) out += ',';
  } else {
    out += '\x12';
    Varint(form.bytes.size(), out);
  }
  Fill(form, pod, out);
}

void Templates::ListTail(Encoding encoding, std::string& out) {
  out += encoding == Encoding::kJson ? std::string_view("]}\n") : kUnknownTail;
}

}  // namespace telltale::bench

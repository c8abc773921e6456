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

// `width` digits of `value`, with zeros in front.
void Digits(std::uint64_t value, int width, char* out) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Letters as Kubernetes makes names' ends from: no vowels, nothing that looks like another.
void Letters(std::uint64_t value, int width, char* out) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  for (int i = width - 1; i >= 0; --i, value /= kAlphabet.size()) {
    out[i] = kAlphabet[value % kAlphabet.size()];
  }
}

std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void WriteNs(std::uint16_t app, char* out) {
  if (app == kMarkerApp) {
    std::memcpy(out, "aa-bench", 8);
    return;
  }
  std::memcpy(out, "team-", 5);
  Digits(app % kNamespaces, 3, out + 5);
}

void WriteApp(std::uint16_t app, char* out) {
  std::memcpy(out, "app-", 4);
  Digits(app, 4, out + 4);
}

void WriteHash(const PodFill& pod, char* out) {
  Letters(Mix(pod.app * 1'000'003ULL + pod.revision), 10, out);
}

// Five letters hold the serial: no two pods of a run share a name (27^5 is 14 million).
void WriteSuffix(const PodFill& pod, char* out) { Letters(pod.serial * 7'368'787ULL, 5, out); }

void WriteUid(const PodFill& pod, char* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::array<std::uint64_t, 2> random = {Mix(pod.serial), Mix(~std::uint64_t{pod.serial})};
  for (std::size_t i = 0, digit = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      out[i] = '-';
      continue;
    }
    out[i] = kHex[(random[digit / 16] >> (digit % 16 * 4)) & 15];
    ++digit;
  }
  if (pod.app == kMarkerApp) std::memset(out, 'a', 8);
}

// In 127.0.0.0/8, so that a client which connects to a target never leaves the machine.
void WriteIp(const PodFill& pod, char* out) {
  std::memcpy(out, "127.1", 5);
  const std::uint32_t n = pod.serial % 1'000'000;
  Digits(n / 10'000, 2, out + 5);
  out[7] = '.', out[8] = '1';
  Digits(n / 100 % 100, 2, out + 9);
  out[11] = '.', out[12] = '1';
  Digits(n % 100, 2, out + 13);
}

void WriteNode(const PodFill& pod, char* out) {
  std::memcpy(out, "node-", 5);
  Digits(pod.node, 4, out + 5);
}

template <std::size_t N, class Write>
std::string Text(Write&& write) {
  std::string text(N, ' ');
  write(text.data());
  return text;
}

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

bool IsStatefulSet(std::uint16_t app) { return app % 10 == 9; }
std::string AppName(std::uint16_t app) {
  return Text<8>([&](char* out) { WriteApp(app, out); });
}
std::string NamespaceName(std::uint16_t app) {
  return Text<8>([&](char* out) { WriteNs(app, out); });
}
std::string PodUid(const PodFill& pod) {
  return Text<36>([&](char* out) { WriteUid(pod, out); });
}
std::string PodAddress(const PodFill& pod) {
  return Text<15>([&](char* out) { WriteIp(pod, out); });
}
std::string NodeName(const PodFill& pod) {
  return Text<9>([&](char* out) { WriteNode(pod, out); });
}
std::string PodName(const PodFill& pod) {
  if (IsStatefulSet(pod.app)) return AppName(pod.app) + "-" + std::to_string(pod.ordinal);
  return AppName(pod.app) + "-" + Text<10>([&](char* out) { WriteHash(pod, out); }) + "-" +
         Text<5>([&](char* out) { WriteSuffix(pod, out); });
}

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
  char ns[8], app[8], hash[10], suffix[5], ordinal[3], uid[36], ip[15], version[10], node[9];
  WriteNs(pod.app, ns), WriteApp(pod.app, app), WriteHash(pod, hash), WriteSuffix(pod, suffix);
  Digits(pod.ordinal, 3, ordinal), WriteUid(pod, uid), WriteIp(pod, ip), WriteNode(pod, node);
  Digits(pod.version, 10, version);
  const std::array<std::string_view, 9> values = {
      std::string_view(ns, 8),  {app, 8},      {hash, 10}, {suffix, 5}, {ordinal, 3}, {uid, 36},
      std::string_view(ip, 15), {version, 10}, {node, 9}};
  const std::size_t start = out.size();
  out += form.bytes;
  for (const Patch& patch : form.patches) {
    const auto value = values[static_cast<std::size_t>(patch.hole)];
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

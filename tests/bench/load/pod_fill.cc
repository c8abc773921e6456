// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/pod_fill.h"

#include <cstring>

namespace telltale::bench {
namespace {

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
  Digits(static_cast<std::uint64_t>(app % kNamespaces), 3, out + 5);
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

PodValues::PodValues(const PodFill& pod) {
  WriteNs(pod.app, ns_);
  WriteApp(pod.app, app_);
  WriteHash(pod, hash_);
  WriteSuffix(pod, suffix_);
  Digits(pod.ordinal, 3, ordinal_);
  WriteUid(pod, uid_);
  WriteIp(pod, ip_);
  Digits(pod.version, 10, version_);
  WriteNode(pod, node_);
}

std::string_view PodValues::operator[](Hole hole) const {
  const std::array<std::string_view, kHoles> values = {std::string_view(ns_, 8),
                                                       {app_, 8},
                                                       {hash_, 10},
                                                       {suffix_, 5},
                                                       {ordinal_, 3},
                                                       {uid_, 36},
                                                       {ip_, 15},
                                                       {version_, 10},
                                                       {node_, 9}};
  return values[static_cast<std::size_t>(hole)];
}

}  // namespace telltale::bench

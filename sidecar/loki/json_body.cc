// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/json_body.h"

#include <zlib.h>

#include <cstdint>

#include "common/base/varint.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::uint8_t HexDigit(char c) {
  return static_cast<std::uint8_t>(c >= 'a' ? c - 'a' + 10 : c - '0');
}

// The reverse of how FormatStreamLabels quotes; takes the quoted value off the front.
bool TakeQuoted(std::string_view& text, std::string& out) {
  if (!text.starts_with('"')) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] != '\\') {
      out += text[i];
    } else if (++i < text.size()) {
      const char c = text[i];
      if (c == 'x' && i + 2 < text.size()) {
        out += static_cast<char>(HexDigit(text[i + 1]) << 4 | HexDigit(text[i + 2]));
        i += 2;
      } else {
        out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      }
    }
  }
  return false;
}

// {app="a", job="b"} as {"app":"a","job":"b"}
bool AppendLabels(std::string_view labels, std::string& out) {
  if (!labels.starts_with('{') || !labels.ends_with('}')) return false;
  labels = labels.substr(1, labels.size() - 2);
  out += '{';
  for (bool first = true; !labels.empty(); first = false) {
    if (!first) out += ',';
    const std::size_t equals = labels.find('=');
    if (equals == labels.npos) return false;
    AppendQuoted(labels.substr(0, equals), out);
    out += ':';
    labels.remove_prefix(equals + 1);
    std::string value;
    if (!TakeQuoted(labels, value)) return false;
    AppendQuoted(value, out);
    if (labels.starts_with(", ")) labels.remove_prefix(2);
  }
  out += '}';
  return true;
}

// A length-delimited field; false at the end and on damage.
bool TakeField(std::string_view& text, char& tag, std::string_view& bytes) {
  if (text.empty()) return false;
  tag = text[0];
  text.remove_prefix(1);
  return TakeBytes(text, bytes);
}

bool AppendTime(std::string_view stamp, std::string& out) {
  std::uint64_t nanos = 0;
  while (!stamp.empty()) {
    const bool seconds = stamp[0] == 0x08;
    stamp.remove_prefix(1);
    std::uint64_t value = 0;
    if (!TakeVarint(stamp, value)) return false;
    nanos += seconds ? value * 1'000'000'000 : value;
  }
  out += "[\"" + std::to_string(nanos) + "\",";
  return true;
}

bool AppendPair(std::string_view pair, std::string& out) {
  std::string_view name, value;
  char tag;
  if (!TakeField(pair, tag, name) || !TakeField(pair, tag, value)) return false;
  AppendQuoted(name, out);
  out += ':';
  AppendQuoted(value, out);
  return true;
}

bool AppendEntry(std::string_view entry, std::string& out) {
  std::string_view field;
  char tag;
  if (!TakeField(entry, tag, field) || !AppendTime(field, out)) return false;
  if (!TakeField(entry, tag, field)) return false;
  AppendQuoted(field, out);
  const bool metadata = !entry.empty();
  if (metadata) out += ",{";
  for (bool first = true; !entry.empty(); first = false) {
    if (!first) out += ',';
    if (!TakeField(entry, tag, field) || !AppendPair(field, out)) return false;
  }
  out += metadata ? "}]" : "]";
  return true;
}

std::string Gzip(std::string_view text) {
  z_stream z{};
  // 16: a gzip header, which has no time in it unless one is given.
  if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

}  // namespace

std::optional<std::string> PushRequestAsJson(std::string_view request) {
  std::string_view stream, field;
  char tag;
  if (!TakeField(request, tag, stream) || !request.empty()) return std::nullopt;
  std::string out = "{\"streams\":[{\"stream\":";
  out.reserve(stream.size() + stream.size() / 4);
  if (!TakeField(stream, tag, field) || !AppendLabels(field, out)) return std::nullopt;
  out += ",\"values\":[";
  for (bool first = true; !stream.empty(); first = false) {
    if (!first) out += ',';
    if (!TakeField(stream, tag, field) || !AppendEntry(field, out)) return std::nullopt;
  }
  return out += "]}]}";
}

std::string GzipJsonBody(std::string_view compressed) {
  auto request = SnappyUncompress(compressed);
  auto json = request ? PushRequestAsJson(*request) : std::nullopt;
  return json ? Gzip(*json) : "";
}

}  // namespace telltale

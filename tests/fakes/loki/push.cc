// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/push.h"

#include <simdjson.h>
#include <snappy.h>
#include <zlib.h>

#include <charconv>
#include <protozero/pbf_reader.hpp>

namespace telltale {
namespace {

// What arrives may be made to be large.
constexpr std::size_t kMaxDecoded = 256u << 20;

using Pairs = std::map<std::string, std::string>;

void DecodePair(protozero::pbf_reader in, Pairs& out) {
  std::string name, value;
  while (in.next()) {
    std::string& part = in.tag() == 1 ? name : value;
    part = in.get_string();
  }
  out[name] = value;
}

LokiEntry DecodeEntry(protozero::pbf_reader in) {
  LokiEntry entry;
  while (in.next()) {
    if (in.tag() == 1) {
      protozero::pbf_reader stamp = in.get_message();
      while (stamp.next()) {
        if (stamp.tag() == 1) {
          entry.time += stamp.get_int64() * 1'000'000'000;
        } else if (stamp.tag() == 2) {
          entry.time += stamp.get_int32();
        } else {
          stamp.skip();
        }
      }
    } else if (in.tag() == 2) {
      entry.line = in.get_string();
    } else if (in.tag() == 3) {
      DecodePair(in.get_message(), entry.metadata);
    } else {
      in.skip();
    }
  }
  return entry;
}

LokiStream DecodeStream(protozero::pbf_reader in) {
  LokiStream stream;
  while (in.next()) {
    if (in.tag() == 1) {
      stream.labels = in.get_string();
    } else if (in.tag() == 2) {
      stream.entries.push_back(DecodeEntry(in.get_message()));
    } else {
      in.skip();
    }
  }
  return stream;
}

std::vector<LokiStream> DecodeProtobuf(const std::string& body, std::string& problem) {
  std::vector<LokiStream> streams;
  std::string raw;
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size) || size > kMaxDecoded ||
      !snappy::Uncompress(body.data(), body.size(), &raw)) {
    problem = "snappy: corrupt input";
    return streams;
  }
  try {
    protozero::pbf_reader request(raw);
    while (request.next()) {
      if (request.tag() == 1) {
        streams.push_back(DecodeStream(request.get_message()));
      } else {
        request.skip();
      }
    }
  } catch (const protozero::exception&) {
    problem = "unexpected EOF";
  }
  return streams;
}

// gzip, or deflate without a header as Go means it.
bool Inflate(std::string_view in, bool gzip, std::string& out) {
  z_stream z{};
  if (inflateInit2(&z, gzip ? 16 + MAX_WBITS : -MAX_WBITS) != Z_OK) return false;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  z.avail_in = static_cast<uInt>(in.size());
  std::string piece(65536, '\0');
  int state = Z_OK;
  while (state == Z_OK && out.size() < kMaxDecoded) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&z, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - z.avail_out);
  }
  inflateEnd(&z);
  return state == Z_STREAM_END;
}

std::string Text(simdjson::dom::element value) {
  return std::string(std::string_view(value.get_string()));
}

LokiEntry JsonEntry(simdjson::dom::array value) {
  LokiEntry entry;
  const std::string time = Text(value.at(0));
  const auto parsed = std::from_chars(time.data(), time.data() + time.size(), entry.time);
  if (parsed.ec != std::errc() || parsed.ptr != time.data() + time.size()) {
    throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
  }
  entry.line = Text(value.at(1));
  if (value.size() > 2) {
    for (auto pair : simdjson::dom::object(value.at(2))) {
      entry.metadata[std::string(pair.key)] = Text(pair.value);
    }
  }
  return entry;
}

std::vector<LokiStream> DecodeJson(const std::string& body, std::string& problem) {
  std::vector<LokiStream> streams;
  try {
    simdjson::dom::parser parser;
    simdjson::dom::element root = parser.parse(simdjson::padded_string(body));
    for (simdjson::dom::element item : simdjson::dom::array(root["streams"])) {
      LokiStream stream;
      Pairs labels;
      for (auto pair : simdjson::dom::object(item["stream"])) {
        labels[std::string(pair.key)] = Text(pair.value);
      }
      stream.labels = FormatLokiLabels(labels);
      for (simdjson::dom::element value : simdjson::dom::array(item["values"])) {
        stream.entries.push_back(JsonEntry(value));
      }
      streams.push_back(std::move(stream));
    }
  } catch (const simdjson::simdjson_error& error) {
    problem = std::string("loghttp.PushRequest: ") + error.what();
  }
  return streams;
}

}  // namespace

std::vector<const LokiStream*> LokiPush::streams() const {
  std::vector<const LokiStream*> out;
  if (empty) return out;
  out.push_back(this);
  for (const LokiStream& stream : more) out.push_back(&stream);
  return out;
}

std::size_t LokiPush::line_count() const {
  std::size_t count = 0;
  for (const LokiStream* stream : streams()) count += stream->entries.size();
  return count;
}

std::string LokiPush::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

void DecodeLokiPush(LokiPush& push) {
  const std::string encoding = push.Header("content-encoding");
  std::string inflated;
  const std::string* body = &push.body;
  if (encoding == "gzip" || encoding == "deflate") {
    if (!Inflate(push.body, encoding == "gzip", inflated)) push.problem = "gzip: invalid header";
    body = &inflated;
  } else if (!encoding.empty() && encoding != "snappy") {
    push.problem = "Content-Encoding \"" + encoding + "\" not supported";
  }
  if (!push.problem.empty()) return;
  const bool json = push.content_type.substr(0, push.content_type.find(';')) == "application/json";
  std::vector<LokiStream> streams =
      json ? DecodeJson(*body, push.problem) : DecodeProtobuf(*body, push.problem);
  if (!push.problem.empty()) return;
  push.valid = true;
  for (const LokiStream& stream : streams) {
    for (const LokiEntry& entry : stream.entries) {
      push.json_metadata |= json && !entry.metadata.empty();
    }
  }
  push.empty = streams.empty();
  if (push.empty) return;
  static_cast<LokiStream&>(push) = std::move(streams.front());
  streams.erase(streams.begin());
  push.more = std::move(streams);
}

}  // namespace telltale

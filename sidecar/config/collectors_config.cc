// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/collectors_config.h"

#include <algorithm>
#include <utility>

#include "common/net/http/url.h"
#include "sidecar/config/checks.h"
#include "sidecar/config/hints.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

constexpr std::int64_t kMinPollMs = 1'000, kMaxPollMs = 3'600'000;
constexpr std::int64_t kMinTimeoutMs = 10, kMaxTimeoutMs = 60'000;
constexpr std::int64_t kMinBody = 1 << 10, kMaxBody = 1 << 20;
constexpr std::int64_t kMinAgeMs = 1'000, kMaxAgeMs = 10LL * 365 * 86'400'000;
constexpr std::size_t kMaxPolls = 16;  // each has a thread
constexpr std::size_t kMaxName = 256;

void DecodeFilter(Decoder& decoder, const YamlNode& node, const std::string& path,
                  NameFilter& out) {
  const auto list = [&](const YamlNode& n, const char* key, std::vector<std::string>& to) {
    decoder.StringList(n, path + "." + key, to);
    for (const YamlNode& item : n.items) {
      if (item.kind == YamlNode::Kind::kScalar && item.scalar.empty()) {
        decoder.Problem(item, path + "." + key + " has an empty pattern, which matches nothing");
      }
    }
  };
  decoder.Map(node, path,
              {{"include", [&](const YamlNode& n) { list(n, "include", out.include); }},
               {"exclude", [&](const YamlNode& n) { list(n, "exclude", out.exclude); }}});
}

void DecodeTextfile(Decoder& decoder, const YamlNode& node, TextfileConfig& out) {
  const std::string path = "collectors.textfile";
  decoder.Map(node, path,
              {{"directory",
                [&](const YamlNode& n) {
                  DecodePath(decoder, n, path + ".directory", out.directory);
                  if (!out.directory.empty()) {
                    decoder.WarnIfUnreadable(n, path + ".directory", out.directory);
                  }
                }},
               {"maxAge", [&](const YamlNode& n) {
                  decoder.DurationMs(n, path + ".maxAge", kMinAgeMs, kMaxAgeMs, out.max_age_ms);
                }}});
  if (out.directory.empty()) {
    decoder.Problem(node, path + " needs a directory, in which it reads files *.prom");
  }
}

void DecodeStatus(Decoder& decoder, const YamlNode& node, const std::string& path,
                  std::vector<int>& out) {
  decoder.Sequence(node, path, [&](const YamlNode& item, const std::string& item_path) {
    double number = 0;
    const std::size_t before = decoder.count();
    decoder.Number(item, item_path, number);
    const int status = static_cast<int>(number);
    if (decoder.count() != before) return;
    if (status < 100 || status > 599 || status != number) {
      decoder.Problem(item, item_path + " must be an HTTP status, 100 to 599");
      return;
    }
    out.push_back(status);
  });
}

void DecodeBody(Decoder& decoder, const YamlNode& node, const std::string& path, std::string& out) {
  decoder.String(node, path, out);
  if (out.empty()) return;
  if (auto regex = Regex::Compile(out); !regex) {
    decoder.Problem(node, path + " " + regex.error().message);
  }
}

void DecodePoll(Decoder& decoder, const YamlNode& node, const std::string& path,
                HttpPollConfig& out) {
  std::vector<Decoder::Field> fields = AccessFields(decoder, path, out.access);
  const std::vector<Decoder::Field> own = {
      {"name", [&](const YamlNode& n) { decoder.String(n, path + ".name", out.name); }},
      {"url",
       [&](const YamlNode& n) {
         decoder.String(n, path + ".url", out.url);
         CheckUrl(decoder, n, path + ".url", out.url);
       }},
      {"method",
       [&](const YamlNode& n) {
         decoder.String(n, path + ".method", out.method);
         if (out.method != "GET" && out.method != "HEAD") {
           decoder.Problem(n, path + ".method must be GET or HEAD, but is " + Quoted(out.method));
         }
       }},
      {"interval",
       [&](const YamlNode& n) {
         decoder.DurationMs(n, path + ".interval", kMinPollMs, kMaxPollMs, out.interval_ms);
       }},
      {"timeout",
       [&](const YamlNode& n) {
         decoder.DurationMs(n, path + ".timeout", kMinTimeoutMs, kMaxTimeoutMs, out.timeout_ms);
       }},
      {"status",
       [&](const YamlNode& n) { DecodeStatus(decoder, n, path + ".status", out.status); }},
      {"body", [&](const YamlNode& n) { DecodeBody(decoder, n, path + ".body", out.body); }},
      {"maxBody",
       [&](const YamlNode& n) {
         decoder.Bytes(n, path + ".maxBody", kMinBody, kMaxBody, out.max_body);
       }},
      {"followRedirects", [&](const YamlNode& n) {
         decoder.Bool(n, path + ".followRedirects", out.follow_redirects);
       }}};
  fields.insert(fields.begin(), own.begin(), own.end());
  decoder.MapOf(node, path, fields);
  CheckAccess(decoder, node, path, out.access);
  if (node.kind != YamlNode::Kind::kMap) return;
  if (out.url.empty()) decoder.Problem(node, path + " needs a url");
  if (out.method == "HEAD" && !out.body.empty()) {
    decoder.Problem(node, path + ".body cannot match: the answer to HEAD has no body");
  }
  if (out.Name().size() > kMaxName) {
    decoder.Problem(node, path + " needs a name of at most 256 bytes");
  }
}

void DecodeHttp(Decoder& decoder, const YamlNode& node, std::vector<HttpPollConfig>& out) {
  const std::string path = "collectors.http.polls";
  const YamlNode* polls = nullptr;
  decoder.Map(node, "collectors.http",
              {{"polls", [&](const YamlNode& n) {
                  polls = &n;
                  decoder.Sequence(n, path, [&](const YamlNode& item, const std::string& at) {
                    HttpPollConfig poll;
                    DecodePoll(decoder, item, at, poll);
                    const bool twice = std::ranges::any_of(
                        out, [&](const HttpPollConfig& o) { return o.Name() == poll.Name(); });
                    if (twice && !poll.Name().empty()) {
                      decoder.Problem(item, at + " has the name " + Quoted(poll.Name()) +
                                                " of an earlier poll: give it another one");
                    }
                    out.push_back(std::move(poll));
                  });
                }}});
  if (polls == nullptr || (out.empty() && polls->items.empty())) {
    decoder.Problem(node, "collectors.http needs polls, a list of what is asked");
  } else if (out.size() > kMaxPolls) {
    decoder.Problem(*polls, path + " takes at most 16 polls");
  }
}

bool IsEmpty(const NameFilter& filter) { return filter.include.empty() && filter.exclude.empty(); }

}  // namespace

void DecodeCollectors(Decoder& decoder, const YamlNode& node, std::vector<std::string>& names,
                      CollectorSettings& out) {
  const auto filtered = [&](std::string_view name, NameFilter& filter) {
    return Decoder::Field{name, [&decoder, &names, &filter, name](const YamlNode& n) {
                            DecodeFilter(decoder, n, "collectors." + std::string(name), filter);
                            names.emplace_back(name);
                          }};
  };
  decoder.Map(node, "collectors",
              {filtered("process", out.process),
               filtered("network", out.network),
               filtered("filesystem", out.filesystem),
               {"textfile",
                [&](const YamlNode& n) {
                  DecodeTextfile(decoder, n, out.textfile.emplace_back());
                  names.emplace_back("textfile");
                }},
               {"http", [&](const YamlNode& n) {
                  DecodeHttp(decoder, n, out.http);
                  names.emplace_back("http");
                }}});
  std::ranges::sort(names);
}

void MergeCollectors(const CollectorSettings& from, CollectorSettings& to,
                     std::vector<std::string>& kept) {
  const auto filter = [&](const char* name, const NameFilter& later, NameFilter& first) {
    if (IsEmpty(first)) {
      first = later;
    } else if (!IsEmpty(later) && later != first) {
      kept.push_back(std::string("collectors.") + name);
    }
  };
  filter("process", from.process, to.process);
  filter("network", from.network, to.network);
  filter("filesystem", from.filesystem, to.filesystem);
  for (const TextfileConfig& folder : from.textfile) {
    const auto same = [&](const TextfileConfig& t) { return t.directory == folder.directory; };
    const auto known = std::ranges::find_if(to.textfile, same);
    if (known == to.textfile.end()) {
      to.textfile.push_back(folder);
    } else if (*known != folder) {
      kept.push_back("collectors.textfile of " + folder.directory);
    }
  }
  for (const HttpPollConfig& poll : from.http) {
    const auto same = [&](const HttpPollConfig& p) { return p.Name() == poll.Name(); };
    const auto known = std::ranges::find_if(to.http, same);
    if (known == to.http.end()) {
      to.http.push_back(poll);
    } else if (*known != poll) {
      kept.push_back("collectors.http poll " + poll.Name());
    }
  }
}

}  // namespace telltale

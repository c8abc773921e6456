// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/collectors_config.h"

#include "tests/unit/sidecar/config/config_messages.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SidecarConfig Whole(const std::string& text) {
  std::vector<std::string> problems;
  auto config =
      DecodeSidecarConfig(*ParseYaml("version: 1\n" + text, "f.yaml"), "f.yaml", problems);
  EXPECT_THAT(problems, IsEmpty());
  return config;
}

TEST(CollectorsConfig, EveryKeyIsTaken) {
  const SidecarConfig config = Whole(R"(
collectors:
  process: {include: [shop, "java*"], exclude: [javac]}
  network: {exclude: ["veth*"]}
  filesystem:
  textfile: {directory: /metrics, maxAge: 1h}
  http:
    polls:
    - url: http://127.0.0.1:8080/health
    - name: admin
      url: https://localhost:8443/
      method: HEAD
      interval: 30s
      timeout: 2s
      status: [200, 401]
      maxBody: 1MiB
      followRedirects: false
      bearerTokenFile: /token
      tls: {caFile: /ca}
)");
  EXPECT_THAT(config.collectors,
              ElementsAre("filesystem", "http", "network", "process", "textfile"));
  const CollectorSettings& settings = config.collector_settings;
  EXPECT_EQ(settings.process, (NameFilter{{"shop", "java*"}, {"javac"}}));
  EXPECT_EQ(settings.network, (NameFilter{{}, {"veth*"}}));
  EXPECT_EQ(settings.filesystem, NameFilter{});
  EXPECT_THAT(settings.textfile, ElementsAre(TextfileConfig{"/metrics", 3'600'000}));
  ASSERT_EQ(settings.http.size(), 2u);
  EXPECT_EQ(settings.http[0].Name(), "http://127.0.0.1:8080/health");
  EXPECT_EQ(settings.http[0].timeout_ms, 5'000);
  HttpPollConfig admin;
  admin.name = "admin";
  admin.url = "https://localhost:8443/";
  admin.method = "HEAD";
  admin.interval_ms = 30'000;
  admin.timeout_ms = 2'000;
  admin.status = {200, 401};
  admin.max_body = 1 << 20;
  admin.follow_redirects = false;
  admin.access.bearer_token_file = "/token";
  admin.access.ca_file = "/ca";
  EXPECT_EQ(settings.http[1], admin);
}

TEST(CollectorsConfig, WhatIsWrongIsSaidWithItsPlace) {
  const std::string poll = "collectors: {http: {polls: [{url: 'http://a', ";
  ExpectProblems({
      {"collectors: {textfile: {}}\n",
       "f.yaml:2: collectors.textfile needs a directory, in which it reads files *.prom"},
      {"collectors: {textfile: {directory: metrics}}\n",
       "f.yaml:2: collectors.textfile.directory must be an absolute path, but is \"metrics\""},
      {"collectors: {process: {include: ['']}}\n",
       "f.yaml:2: collectors.process.include has an empty pattern, which matches nothing"},
      {"collectors: {http: {}}\n",
       "f.yaml:2: collectors.http needs polls, a list of what is asked"},
      {"collectors: {http: {polls: [{name: a}]}}\n",
       "f.yaml:2: collectors.http.polls[0] needs a url"},
      {"collectors: {http: {polls: [{url: 'web:80'}]}}\n",
       "f.yaml:2: collectors.http.polls[0].url must be a URL such as http://loki:3100: URL "
       "\"web:80\" must begin with http:// or https://"},
      {poll + "method: POST}]}}\n",
       "f.yaml:2: collectors.http.polls[0].method must be GET or HEAD, but is \"POST\""},
      {poll + "method: HEAD, body: ok}]}}\n",
       "f.yaml:2: collectors.http.polls[0].body cannot match: the answer to HEAD has no body"},
      {poll + "status: [20]}]}}\n",
       "f.yaml:2: collectors.http.polls[0].status[0] must be an HTTP status, 100 to 599"},
      {poll + "body: '(?=x)'}]}}\n",
       "f.yaml:2: collectors.http.polls[0].body must be an RE2 regular expression: invalid perl "
       "operator: (?= (RE2 has no look-around, back references or possessive repeats)"},
      {poll + "headers: {Authorization: x}}]}}\n",
       "f.yaml:2: collectors.http.polls[0].headers must not set Authorization: use "
       "collectors.http.polls[0].basicAuth or collectors.http.polls[0].bearerTokenFile"},
      {"collectors: {http: {polls: [{name: a, url: 'http://a'}, {name: a, url: 'http://b'}]}}\n",
       "f.yaml:2: collectors.http.polls[1] has the name \"a\" of an earlier poll: give it another "
       "one"},
  });
  std::string many = "collectors:\n  http:\n    polls:\n";
  for (int i = 0; i < 17; ++i) many += "    - url: http://a:" + std::to_string(i + 1) + "\n";
  ExpectProblems({{many, "f.yaml:5: collectors.http.polls takes at most 16 polls"}});
}

TEST(MergeCollectors, PollsAndFoldersAreAppendedAndTheFirstFilterStays) {
  const auto settings = [](const std::string& text) {
    return Whole("collectors: " + text + "\n").collector_settings;
  };
  CollectorSettings merged;
  std::vector<std::string> kept;
  MergeCollectors(settings("{process: {}, http: {polls: [{name: a, url: 'http://a'}]}}"), merged,
                  kept);
  MergeCollectors(
      settings("{process: {include: [b]}, textfile: {directory: /b}, "
               "http: {polls: [{name: b, url: 'http://b'}, {name: a, url: 'http://a'}]}}"),
      merged, kept);
  EXPECT_THAT(kept, IsEmpty());
  EXPECT_EQ(merged.http.size(), 2u);
  EXPECT_THAT(merged.process.include, ElementsAre("b"));
  MergeCollectors(settings("{process: {include: [c]}, network: {exclude: [lo]}, "
                           "textfile: {directory: /b, maxAge: 1m}, "
                           "http: {polls: [{name: a, url: 'http://other'}]}}"),
                  merged, kept);
  EXPECT_THAT(kept, ElementsAre("collectors.process", "collectors.textfile of /b",
                                "collectors.http poll a"));
  EXPECT_THAT(merged.process.include, ElementsAre("b"));
  EXPECT_THAT(merged.network.exclude, ElementsAre("lo"));
  EXPECT_EQ(merged.http[0].url, "http://a");
}

}  // namespace
}  // namespace telltale

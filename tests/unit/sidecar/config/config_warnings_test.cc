// SPDX-License-Identifier: Apache-2.0
//
// Configurations that are valid and do not do what they seem to. Sentences are compared whole.
#include "tests/unit/sidecar/config/config_messages.h"

namespace telltale {
namespace {

using ::testing::IsEmpty;

TEST(ConfigWarnings, FilesOfSecretsThatCannotBeRead) {
  ExpectWarnings({
      {"loki: {tls: {caFile: /nope/ca.crt}}\n",
       "f.yaml:2: loki.tls.caFile cannot be read now: /nope/ca.crt: No such file or directory"},
      {"loki: {bearerTokenFile: /nope/token}\n",
       "f.yaml:2: loki.bearerTokenFile cannot be read now: /nope/token: No such file or directory"},
      {"loki: {credentials: /nope}\n",
       "f.yaml:2: loki.credentials cannot be read now: /nope: No such file or directory"},
      {"loki:\n  basicAuth:\n    username: a\n    passwordFile: /nope/password\n",
       "f.yaml:5: loki.basicAuth.passwordFile cannot be read now: /nope/password: No such file or "
       "directory"},
  });
  EXPECT_THAT(Decode("loki: {tls: {caFile: /there/file}, credentials: /there}\n").warnings,
              IsEmpty());
}

TEST(ConfigWarnings, AFileInTwoEntriesIsReadByTheFirst) {
  const auto two = [](const std::string& first, const std::string& second) {
    return "logs:\n- files: " + first + "\n- files: " + second + "\n";
  };
  ExpectWarnings({
      {two("{include: [/x/*.log]}", "{include: [/x/access.log]}"),
       "f.yaml:4: logs[1].files.include: \"/x/access.log\" has no effect: logs[0] takes it, and "
       "the first entry has a file"},
      {two("{include: [/x/*.log]}", "{include: [/y/*.log, /x/*.log]}"),
       "f.yaml:4: logs[1].files.include: \"/x/*.log\" has no effect: logs[0] takes it, and the "
       "first entry has a file"},
      {two("{include: ['/x/{a,b}.log']}", "{include: [/x/b.log]}"),
       "f.yaml:4: logs[1].files.include: \"/x/b.log\" has no effect: logs[0] takes it, and the "
       "first entry has a file"},
  });
  for (const auto& [first, second] : {
           std::pair("{include: [/x/*.log], exclude: [/x/access.log]}",
                     "{include: [/x/access.log]}"),
           std::pair("{include: [/x/access.log]}", "{include: [/x/*.log]}"),
           std::pair("{include: [/x/*.log]}", "{include: [/x/y/access.log]}"),
       }) {
    EXPECT_THAT(Decode(two(first, second)).warnings, IsEmpty()) << first << second;
  }
}

TEST(ConfigWarnings, ALabelThatNoStageGivesAValue) {
  const auto stages = [](const std::string& pipeline) {
    return Logs("[/a]") + "  labels: {team: web}\n  pipeline:\n" + pipeline;
  };
  ExpectWarnings({
      {stages("  - labels: {values: {level: \"\"}}\n"),
       "f.yaml:7: logs[0].pipeline: the label \"level\" has no value: no stage before it makes "
       "\"level\""},
      {stages("  - json: {expressions: {lvl: level}}\n  - labels: {values: {level: severity}}\n"),
       "f.yaml:7: logs[0].pipeline: the label \"level\" has no value: no stage before it makes "
       "\"severity\""},
      {stages("  - labels: {values: {level: \"\"}}\n  - logfmt: {mapping: {level: \"\"}}\n"),
       "f.yaml:7: logs[0].pipeline: the label \"level\" has no value: no stage before it makes "
       "\"level\""},
  });
  for (const char* good : {
           "  - json: {expressions: {level: \"\"}}\n  - labels: {values: {level: \"\"}}\n",
           "  - logfmt: {mapping: {l: level}}\n  - labels: {values: {level: l}}\n",
           "  - regex: {expression: '(?P<level>\\w+) (?P<x>.)'}\n"
           "  - labels: {values: {level: \"\", x: \"\"}}\n",
           "  - labels: {values: {squad: team, file: filename, pod: \"\"}}\n",
       }) {
    const Found found = Decode(stages(good));
    EXPECT_THAT(found.problems, IsEmpty()) << good;
    EXPECT_THAT(found.warnings, IsEmpty()) << good;
  }
}

TEST(ConfigWarnings, AStageThatWorksOnAValueThatNoStageMakes) {
  const auto stages = [](const std::string& stage) {
    return Logs("[/a]") + "  pipeline:\n  - json: {expressions: {msg: \"\"}}\n  - " + stage + "\n";
  };
  const auto sentence = [](const std::string& stage, const std::string& value) {
    return "f.yaml:6: logs[0].pipeline: the stage " + stage +
           " has no value to work on: no stage before it makes \"" + value + "\"";
  };
  ExpectWarnings({
      {stages("timestamp: {source: t, format: RFC3339}"), sentence("timestamp", "t")},
      {stages("output: {source: message}"), sentence("output", "message")},
      {stages("drop: {source: level, value: debug}"), sentence("drop", "level")},
      {stages("regex: {source: line, expression: '(?P<a>x)'}"), sentence("regex", "line")},
      {stages("metrics: [{name: took, type: gauge, action: set}]"), sentence("metrics", "took")},
  });
  for (const char* good : {"output: {source: msg}", "drop: {expression: x}",
                           "metrics: [{name: n, type: counter, action: inc, matchAll: true}]",
                           "replace: {expression: '(x)', source: app}"}) {
    EXPECT_THAT(Decode(stages(good)).warnings, IsEmpty()) << good;
  }
}

TEST(ConfigWarnings, PatternsThatAreAllExcluded) {
  const auto files = [](const std::string& include, const std::string& exclude) {
    return "loki: {url: 'http://l'}\nlogs:\n- files: {include: [" + include + "], exclude: [" +
           exclude + "]}\n";
  };
  const std::string start = "f.yaml:4: logs[0].files.include: ";
  ExpectWarnings({
      {files("'/x/*.log'", "'/x/*.log'"),
       start +
           "\"/x/*.log\" has no effect: exclude has \"/x/*.log\", which takes all of its files"},
      {files("'/x/y/*.log'", "'/x/**'"),
       start + "\"/x/y/*.log\" has no effect: exclude has \"/x/**\", which takes all of its files"},
      {files("/x/a.log", "'/x/?.log'"),
       start +
           "\"/x/a.log\" has no effect: exclude has \"/x/?.log\", which takes all of its files"},
  });
  for (const char* exclude : {"'/x/a*.log'", "'/x/y/**'", "'/x/*/**'"}) {
    EXPECT_THAT(Decode(files("'/x/*.log'", exclude)).warnings, IsEmpty()) << exclude;
  }
}

TEST(ConfigWarnings, AStateFolderThatCannotBeUsed) {
  ExpectWarnings({
      {"state: /there/file\n", "f.yaml:2: state cannot be used now: /there/file: it is no folder"},
      {"state: /readonly/a/b\n",
       "f.yaml:2: state cannot be used now: /readonly: it is not writable for our user"},
  });
  for (const char* good : {"/there", "/there/logs", "/new/folder"}) {
    EXPECT_THAT(Decode(std::string("state: ") + good + "\n").warnings, IsEmpty()) << good;
  }
}

TEST(ConfigWarnings, AStoresUrlOfAnotherApi) {
  const std::string other =
      ", and /loki/api/v1/push is added to it: name the store's address without the path of an "
      "API, such as http://loki:3100";
  ExpectWarnings({
      {"loki: {url: 'http://l/loki/api/v1/query_range'}\n",
       "f.yaml:2: loki.url names \"/loki/api/v1/query_range\"" + other},
      {"loki: {url: 'http://l/api/prom/push/'}\n",
       "f.yaml:2: loki.url names \"/api/prom/push\"" + other},
      {"loki: {url: 'http://v/insert/jsonline'}\n",
       "f.yaml:2: loki.url names \"/insert/jsonline\"" + other},
      {"loki: {url: 'http://l/?token=a'}\n",
       "f.yaml:2: loki.url has a query, \"?token=a\", which is not sent: remove it, or use "
       "loki.headers"},
  });
  for (const char* good : {"http://l", "http://l/loki/api/v1/push/", "http://l/prefix",
                           "http://v/insert/", "http://v/insert/loki/api/v1/push"}) {
    EXPECT_THAT(Decode("loki: {url: '" + std::string(good) + "'}\n").warnings, IsEmpty()) << good;
  }
}

TEST(ConfigWarnings, AVariableOfTheShellWithoutBraces) {
  ExpectWarnings({{Logs("[/x/$APP/a.log]"),
                   "f.yaml:4: logs[0].files.include has \"$APP\", which is taken literally: "
                   "variables are not replaced"}});
  EXPECT_THAT(Decode(Logs("['/x/$1.log', '/x/$a.log', '/x/US$.log']")).warnings, IsEmpty());
}

}  // namespace
}  // namespace telltale

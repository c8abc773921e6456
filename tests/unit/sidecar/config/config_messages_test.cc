// SPDX-License-Identifier: Apache-2.0
//
// What a person reads who made a mistake in the sidecar's configuration. Sentences are compared
// whole: each is meant to be understood alone.
#include "tests/unit/sidecar/config/config_messages.h"

namespace telltale {
namespace {

using ::testing::IsEmpty;

TEST(ConfigMessages, AnUnknownKeyNamesTheOneThatWasMeant) {
  ExpectProblems({
      {"interwal: 5s\n",
       "f.yaml:2: unknown key \"interwal\" in the configuration; did you mean interval?"},
      {"Labels: {a: b}\n",
       "f.yaml:2: unknown key \"Labels\" in the configuration; did you mean labels?"},
      {"loki: {batch_wait: 1s}\n",
       "f.yaml:2: unknown key \"batch_wait\" in loki; did you mean batchWait?"},
      {"loki: {batch-bytes: 1MiB}\n",
       "f.yaml:2: unknown key \"batch-bytes\" in loki; did you mean batchBytes?"},
      {"loki: {tls: {cafile: /there/file}}\n",
       "f.yaml:2: unknown key \"cafile\" in loki.tls; did you mean caFile?"},
      {"collector: {}\n",
       "f.yaml:2: unknown key \"collector\" in the configuration; did you mean collectors?"},
      {"collectors: {disk: {}}\n",
       "f.yaml:2: unknown key \"disk\" in collectors; known are process, network, filesystem, "
       "textfile, http"},
      {"collectors: {network: {a: 1}}\n",
       "f.yaml:2: unknown key \"a\" in collectors.network; known are include, exclude"},
      {"scrape_configs: []\n",
       "f.yaml:2: unknown key \"scrape_configs\" in the configuration: this is a key of Promtail's "
       "configuration; known are version, listen, interval, logCycle, state, labels, loki, "
       "alertmanager, logs, logLimits, collectors, push, lastSample, pods, reload"},
      {"// the log\n",
       "f.yaml:2: unknown key \"// the log\" in the configuration: a comment begins with \"#\""},
      {"loki: {url:http://l}\n",
       "f.yaml:2: unknown key \"url:http://l\" in loki: a space is missing after the colon of "
       "\"url\""},
      {"loki:\n  url:http://l\n",
       "f.yaml:3: loki must be a map, but is a single value: a space is missing after the colon of "
       "\"url\""},
  });
}

TEST(ConfigMessages, OfTheLastSamples) {
  ExpectProblems({
      {"lastSample: {}\n",
       "f.yaml:2: lastSample needs urls: where samples are sent by remote write"},
      {"lastSample: {urls: [prometheus]}\n",
       "f.yaml:2: lastSample.urls[0] must be a URL such as http://loki:3100: URL \"prometheus\" "
       "must begin with http:// or https://"},
      {"lastSample: {urls: [\"http://p\"], pages: [{path: /metrics}]}\n",
       "f.yaml:2: lastSample.pages[0] needs either url, or port of the pod"},
      {"lastSample: {urls: [\"http://p\"], pages: [{port: web, path: metrics}]}\n",
       "f.yaml:2: lastSample.pages[0].path must begin with /, but is \"metrics\""},
      {"lastSample: {urls: [\"http://p\"], pages: [{port: 80, scheme: ftp}]}\n",
       "f.yaml:2: lastSample.pages[0].scheme must be http or https, but is \"ftp\""},
      {"lastSample: {urls: [\"http://p\"], labels: {__name__: x}}\n",
       "f.yaml:2: lastSample.labels has the name \"__name__\", but a label name has letters, "
       "digits "
       "and underscores, starts with no digit and not with two underscores"},
      {"lastSample: {urls: [\"http://p\"], interval: 10ms}\n",
       "f.yaml:2: lastSample.interval must be from 200ms to 1m, but is \"10ms\""},
  });
}

TEST(ConfigMessages, ValuesOfAnotherType) {
  ExpectProblems({
      {Logs("/var/log/*.log"),
       "f.yaml:4: logs[0].files.include must be a list, but is a single value: write "
       "[\"/var/log/*.log\"]"},
      {Logs("{a: b}"), "f.yaml:4: logs[0].files.include must be a list, but is a map"},
      {Logs("[]"), "f.yaml:3: logs[0].files.include must name at least one file or pattern"},
      {"loki: {tls: {insecureSkipVerify: yes}}\n",
       "f.yaml:2: loki.tls.insecureSkipVerify must be true or false, but is \"yes\": write true"},
      {"loki: {tls: {insecureSkipVerify: off}}\n",
       "f.yaml:2: loki.tls.insecureSkipVerify must be true or false, but is \"off\": write false"},
      {"loki: {tls: {insecureSkipVerify: \"true\"}}\n",
       "f.yaml:2: loki.tls.insecureSkipVerify must be true or false, but is \"true\": write true"},
      {"loki: {tls: {insecureSkipVerify: maybe}}\n",
       "f.yaml:2: loki.tls.insecureSkipVerify must be true or false, but is \"maybe\""},
      {"labels: [a=b]\n", "f.yaml:2: labels must be a map of texts, but is a list"},
      {"labels: a:b\n",
       "f.yaml:2: labels must be a map of texts, but is a single value: a space is missing after "
       "the colon of \"a\""},
  });
}

TEST(ConfigMessages, DurationsAndSizes) {
  const std::string duration = " must be a duration such as 500ms, 10s or 1m30s, but is ";
  const std::string size = " must be a size such as 65536, 64KiB or 1MiB, but is ";
  ExpectProblems({
      {"interval: 5\n", "f.yaml:2: interval" + duration + "\"5\": the unit is missing"},
      {"interval: 1.5s\n",
       "f.yaml:2: interval" + duration + "\"1.5s\": only whole numbers are possible"},
      {"interval: 5 s\n", "f.yaml:2: interval" + duration + "\"5 s\": write it without spaces"},
      {"interval: soon\n", "f.yaml:2: interval" + duration + "\"soon\""},
      {"interval: -5s\n", "f.yaml:2: interval" + duration + "\"-5s\""},
      {"interval: 10ms\n", "f.yaml:2: interval must be from 1s to 1h, but is \"10ms\""},
      {"loki: {batchBytes: 1.5MiB}\n",
       "f.yaml:2: loki.batchBytes" + size + "\"1.5MiB\": only whole numbers are possible"},
      {"loki: {batchBytes: 1 MiB}\n",
       "f.yaml:2: loki.batchBytes" + size + "\"1 MiB\": write it without spaces"},
      {"loki: {batchBytes: 4MiB}\n",
       "f.yaml:2: loki.batchBytes must be from 4KiB to 3MiB, but is \"4MiB\""},
      {"loki: {maxLineSize: 1MiB}\n",
       "f.yaml:2: loki.maxLineSize must be from 256 to 255KiB, but is \"1MiB\""},
      {Logs("[/a]") + "  maxLineSize: 1\n",
       "f.yaml:5: logs[0].maxLineSize must be from 256 to 255KiB, but is \"1\""},
  });
}

TEST(ConfigMessages, PatternsThatMatchNothing) {
  ExpectProblems({
      {Logs("[\"/var/log/[a.log\"]"),
       "f.yaml:4: logs[0].files.include: the pattern \"/var/log/[a.log\" has a [ without its ]"},
      {Logs("[\"/var/log/{a,b.log\"]"),
       "f.yaml:4: logs[0].files.include: the pattern \"/var/log/{a,b.log\" has a { without its }: "
       "write \\{ where the name has a brace"},
      {Logs("[/var/log/]"),
       "f.yaml:4: logs[0].files.include: the pattern \"/var/log/\" names a directory: add /*.log"},
      {Logs("[var/log/a.log]"),
       "f.yaml:4: logs[0].files.include must be an absolute path, but is \"var/log/a.log\""},
      {Logs("[/a/../b.log]"),
       "f.yaml:4: logs[0].files.include must not contain \"..\", but is \"/a/../b.log\""},
      {Logs("[/a]").append("    exclude: [\"/x/[\"]\n"),
       "f.yaml:5: logs[0].files.exclude: the pattern \"/x/[\" has a [ without its ]"},
  });
  ExpectWarnings({
      {Logs("[/there/logs]"),
       "f.yaml:4: logs[0].files.include names a directory, \"/there/logs\": name its files, such "
       "as \"/there/logs/*.log\""},
      {Logs("[\"/x/${APP}/*.log\"]"),
       "f.yaml:4: logs[0].files.include has \"${APP}\", which is taken literally: variables are "
       "not replaced"},
      {"labels: {node: $(NODE_NAME)}\n",
       "f.yaml:2: labels.node has \"$(NODE_NAME)\", which is taken literally: variables are not "
       "replaced"},
      {"loki: {url: 'http://loki/${PATH}'}\n",
       "f.yaml:2: loki.url has \"${PATH}\", which is taken literally: variables are not replaced"},
      {"loki: {tenant: '${TENANT}'}\n",
       "f.yaml:2: loki.tenant has \"${TENANT}\", which is taken literally: variables are not "
       "replaced"},
  });
  ExpectProblems(
      {{"loki: {url: 'http://${HOST}'}\n",
        "f.yaml:2: loki.url must be a URL such as http://loki:3100: URL "
        "\"http://${HOST}\" has a host with a character that no host name has; variables "
        "are not replaced"}});
  EXPECT_THAT(Decode(Logs("[/there/file, /nowhere/a.log, '/x/$5*.log', '/x/{a,b}*.log']")).warnings,
              IsEmpty());
}

}  // namespace
}  // namespace telltale
